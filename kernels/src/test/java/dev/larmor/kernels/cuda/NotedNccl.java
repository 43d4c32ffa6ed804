package dev.larmor.kernels.cuda;

/** NCCL whose reading and writing of a card's memory the card's driver is told of. */
record NotedNccl(NcclLibrary nccl, EmulatedDriver driver) implements NcclLibrary {
  @Override
  public String version() {
    return nccl.version();
  }

  @Override
  public byte[] uniqueId() {
    return nccl.uniqueId();
  }

  @Override
  public Communicator join(byte[] id, int rank, int size) {
    return new Noted(nccl.join(id, rank, size), rank, driver);
  }

  private record Noted(Communicator cards, int rank, EmulatedDriver driver)
      implements Communicator {
    @Override
    public void group(Runnable calls) {
      cards.group(calls);
    }

    @Override
    public void allReduce(long address, long elements) {
      driver.exchange(address, elements * Float.BYTES, true);
      cards.allReduce(address, elements);
    }

    @Override
    public void reduce(long from, long to, long elements, int root) {
      driver.exchange(from, elements * Float.BYTES, false);
      if (rank == root) {
        driver.exchange(to, elements * Float.BYTES, true);
      }
      cards.reduce(from, to, elements, root);
    }

    @Override
    public void broadcast(long from, long to, long bytes, int root) {
      if (rank == root) {
        driver.exchange(from, bytes, false);
      }
      driver.exchange(to, bytes, true);
      cards.broadcast(from, to, bytes, root);
    }

    @Override
    public String trouble() {
      return cards.trouble();
    }

    @Override
    public void abort() {
      cards.abort();
    }

    @Override
    public void destroy() {
      cards.destroy();
    }
  }
}
