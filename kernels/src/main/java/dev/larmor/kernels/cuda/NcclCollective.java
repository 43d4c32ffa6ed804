package dev.larmor.kernels.cuda;

import dev.larmor.engine.Collective;
import dev.larmor.engine.CollectiveException;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.LentRanks;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Shares;
import dev.larmor.engine.Tensor;
import dev.larmor.kernels.cuda.NcclLibrary.Communicator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Tensors of several ranks' cards by NCCL, from card to card; everything else by the ranks' own
 * collective, which also brings the cards together.
 *
 * <h2>Order</h2>
 *
 * What cards do together is submitted to a stream of its own, behind what was computed so far, and
 * goes on beside what is computed next. Nothing here waits on the host but the start and the end:
 * {@link Pending#await} makes the card's later work wait. So memory that is given back after it is
 * used again in order.
 *
 * <h2>Errors</h2>
 *
 * A rank that dies leaves the others' cards waiting for it. NCCL notices, but somebody must ask,
 * and this thread may be waiting for its card: a thread of its own asks, and breaks the exchange
 * off. The card's work then ends with nothing in its results, so whoever reads them next is told
 * ({@link #check}).
 *
 * <h2>The same bits</h2>
 *
 * NCCL adds in an order that hangs on the number of ranks, how their cards and hosts are connected,
 * and what it then chooses: algorithm, protocol, channels. All ranks get the same bits, and the
 * same ranks on the same hosts get them again. Other hosts, another NCCL, or its variables ({@code
 * NCCL_ALGO}, {@code NCCL_PROTO}, {@code NCCL_MIN_NCHANNELS}, …) may give other last digits.
 */
final class NcclCollective extends LentRanks {
  /** Calls in a group, of which older versions take 2048 at most. */
  private static final int GROUP = 1024;

  private static final long LOOK_MILLIS = 200;
  private static final long ABORT_MILLIS = 5_000;

  private final Runnable attach;
  private final Transfer transfer;
  private final Device device;
  private final Communicator cards;
  private final Thread watch;

  /** Held while NCCL is called: breaking off frees what a call would use. */
  private final ReentrantLock calling = new ReentrantLock();

  private volatile boolean open = true; // changes under the lock
  private volatile String failure;

  /**
   * Waits for all ranks.
   *
   * @param attach makes the card current on the calling thread
   * @param device that the tensors are on
   */
  NcclCollective(
      NcclLibrary nccl, Runnable attach, Transfer transfer, Device device, Collective ranks) {
    super(ranks, "by " + nccl.version());
    this.attach = attach;
    this.transfer = transfer;
    this.device = device;
    attach.run();
    byte[] id = ranks.broadcast(ranks.leads() ? nccl.uniqueId() : new byte[0]);
    cards = nccl.join(id, ranks.rank(), ranks.size());
    watch = Thread.ofPlatform().daemon().name("nccl-watch").start(this::watch);
  }

  private void watch() {
    while (true) {
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      if (calling.tryLock()) {
        try {
          String trouble = open ? cards.trouble() : null;
          if (trouble != null) {
            // Said before the card's work ends, so that nobody takes its results for good.
            failure = "rank %d lost the other ranks' cards: %s".formatted(rank(), trouble);
            end(cards::abort);
          }
          if (!open) {
            return;
          }
        } finally {
          calling.unlock();
        }
      }
    }
  }

  private void end(Runnable how) {
    calling.lock();
    try {
      if (open) {
        open = false;
        how.run();
      }
    } finally {
      calling.unlock();
    }
  }

  /**
   * Tells of an exchange that was broken off.
   *
   * @throws CollectiveException with what NCCL said
   */
  void check() {
    if (failure != null) {
      throw new CollectiveException(failure);
    }
  }

  /** Submits calls of NCCL that read and write the tensors' blocks. */
  private void submit(List<CudaBuffer> blocks, Runnable calls) {
    attach.run();
    calling.lock();
    try {
      check();
      if (!open) {
        throw new IllegalStateException("the collective of " + device.name() + " is closed");
      }
      transfer.beforeExchange(blocks);
      cards.group(calls);
    } finally {
      calling.unlock();
    }
  }

  /** Submits a call for each tensor, in groups that NCCL takes. */
  private void submit(List<Tensor> tensors, Consumer<Tensor> call) {
    for (int from = 0; from < tensors.size(); from += GROUP) {
      List<Tensor> group = tensors.subList(from, Math.min(tensors.size(), from + GROUP));
      submit(blocks(group), () -> group.forEach(call));
    }
  }

  private void await(List<CudaBuffer> blocks) {
    check();
    attach.run();
    transfer.afterExchange(blocks);
  }

  private List<CudaBuffer> blocks(Iterable<Tensor> tensors) {
    List<CudaBuffer> blocks = new ArrayList<>();
    for (Tensor tensor : tensors) {
      if (tensor.device() != device) {
        throw new CollectiveException(
            "%s is on %s, not on this rank's %s"
                .formatted(tensor.spec(), tensor.device().name(), device.name()));
      }
      blocks.add(block(tensor));
    }
    return blocks;
  }

  private static CudaBuffer block(Tensor tensor) {
    return (CudaBuffer) tensor.operand().buffer();
  }

  @Override
  public Pending allReduce(List<Tensor> tensors) {
    List<CudaBuffer> blocks = blocks(tensors);
    for (Tensor tensor : tensors) {
      if (tensor.dtype() != DType.F32) {
        throw new CollectiveException("sums over ranks are of F32, not " + tensor.spec());
      }
    }
    submit(tensors, tensor -> cards.allReduce(block(tensor).address, tensor.shape().elements()));
    return () -> await(blocks);
  }

  /** Rows lie one after the other in each of the backend's layouts. */
  @Override
  public Tensor allGather(Tensor own, Shares shares) {
    Shape shape = shares.checked(own.spec(), shares.of(rank()).count()).with(0, shares.total());
    List<CudaBuffer> from = blocks(List.of(own));
    Tensor all = device.empty(own.spec().as(shape), Tag.TEMPORARY);
    List<CudaBuffer> blocks = List.of(from.getFirst(), block(all));
    long row = all.spec().bytes() / shares.total();
    submit(
        blocks,
        () -> {
          for (int r = 0; r < size(); r++) {
            Shares.Share share = shares.of(r);
            cards.broadcast(
                block(own).address,
                block(all).address + share.first() * row,
                share.count() * row,
                r);
          }
        });
    await(blocks);
    return all;
  }

  @Override
  public Tensor reduceScatter(Tensor all, Shares shares) {
    Shape shape = shares.checked(all.spec(), shares.total()).with(0, shares.of(rank()).count());
    List<CudaBuffer> from = blocks(List.of(all));
    Tensor own = device.empty(all.spec().as(shape), Tag.TEMPORARY);
    List<CudaBuffer> blocks = List.of(from.getFirst(), block(own));
    long row = all.shape().elements() / shares.total();
    submit(
        blocks,
        () -> {
          for (int r = 0; r < size(); r++) {
            Shares.Share share = shares.of(r);
            cards.reduce(
                block(all).address + share.first() * row * Float.BYTES,
                block(own).address,
                share.count() * row,
                r);
          }
        });
    await(blocks);
    return own;
  }

  @Override
  public void broadcast(List<Tensor> tensors) {
    List<CudaBuffer> blocks = blocks(tensors);
    submit(
        tensors,
        tensor -> {
          long address = block(tensor).address;
          cards.broadcast(address, address, tensor.spec().bytes(), 0);
        });
    await(blocks);
  }

  /** Breaks the exchange off before the ranks are, if NCCL does it in time. */
  @Override
  public void abort(int exitCode) {
    Thread breaking = Thread.ofPlatform().daemon().start(this::breakOff);
    try {
      breaking.join(ABORT_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    super.abort(exitCode);
  }

  /** Ends without a word to the other ranks; nothing if it has ended. */
  void breakOff() {
    end(cards::abort);
    watch.interrupt();
  }

  /** Leaves, when all do and no card needs another's memory any more. */
  @Override
  public void close() {
    if (open && failure == null) {
      attach.run();
      transfer.synchronize();
      check();
      barrier();
      end(cards::destroy);
      watch.interrupt();
    }
  }
}
