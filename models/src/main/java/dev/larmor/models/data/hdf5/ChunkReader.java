package dev.larmor.models.data.hdf5;

import io.jhdf.api.dataset.ChunkedDataset;
import io.jhdf.filter.PipelineFilterWithData;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Fetches one chunk after the other, and gives out rows of it.
 *
 * <p>Chunks that were shuffled and deflated, as ours are, are inflated into one buffer, and only
 * the rows that are asked for are unshuffled: several times faster than jHDF, which undoes any
 * filters.
 */
final class ChunkReader implements AutoCloseable {
  private static final int DEFLATE = 1;
  private static final int SHUFFLE = 2;

  private final ChunkedDataset dataset;
  private final ByteOrder order;
  private final boolean shuffled;
  private final int elements;
  private final Inflater inflater = new Inflater();
  private byte[] chunk;

  ChunkReader(ChunkedDataset dataset, ByteOrder order, int elementBytes) {
    this.dataset = dataset;
    this.order = order;
    List<Integer> filters =
        dataset.getFilters().stream().map(PipelineFilterWithData::getId).toList();
    shuffled = filters.equals(List.of(SHUFFLE, DEFLATE)) && order == ByteOrder.LITTLE_ENDIAN;
    elements = Arrays.stream(dataset.getChunkDimensions()).reduce(1, Math::multiplyExact);
    chunk = new byte[Math.multiplyExact(elements, elementBytes)];
  }

  /** Fetches the chunk that begins at an offset. */
  ChunkReader at(int[] offset) {
    if (!shuffled) {
      chunk = dataset.getDecompressedChunk(offset);
      return this;
    }
    inflater.reset();
    inflater.setInput(dataset.getRawChunkBuffer(offset));
    try {
      int done = 0;
      for (int more = 1; more > 0 && done < chunk.length; done += more) {
        more = inflater.inflate(chunk, done, chunk.length - done);
      }
      if (done < chunk.length) {
        throw new IllegalStateException("a chunk has " + done + " bytes, expected " + chunk.length);
      }
    } catch (DataFormatException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    return this;
  }

  /** Copies some of the chunk's float32. */
  void copy(int from, float[] to, int at, int count) {
    if (!shuffled) {
      ByteBuffer.wrap(chunk).order(order).position(4 * from).asFloatBuffer().get(to, at, count);
      return;
    }
    int second = from + elements;
    int third = second + elements;
    int fourth = third + elements;
    for (int i = 0; i < count; i++) {
      int bits =
          (chunk[from + i] & 0xFF)
              | (chunk[second + i] & 0xFF) << 8
              | (chunk[third + i] & 0xFF) << 16
              | chunk[fourth + i] << 24;
      to[at + i] = Float.intBitsToFloat(bits);
    }
  }

  /** Copies some of the chunk's int8. */
  void copy(int from, byte[] to, int at, int count) {
    System.arraycopy(chunk, from, to, at, count);
  }

  @Override
  public void close() {
    inflater.end();
  }
}
