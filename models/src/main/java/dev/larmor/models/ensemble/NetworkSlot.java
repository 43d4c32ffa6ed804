package dev.larmor.models.ensemble;

import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.training.Checkpoint;
import dev.larmor.models.training.Network;
import dev.larmor.models.training.ZeroFilled;
import dev.larmor.models.varnet.ReconstructionModel;
import java.util.function.DoubleConsumer;

/**
 * The place for one network on a device. Another network of the same configuration is loaded over
 * the weights of the one before; of another configuration, the one before is closed first. So the
 * device never holds two.
 */
public final class NetworkSlot implements AutoCloseable {
  private final Device device;
  private final ZeroFilled baseline = new ZeroFilled();
  private Network network; // null before the first
  private ImageSource loaded; // null before the first, and where loading failed
  private int switches;
  private double seconds;

  /** An empty slot; nothing is on the device yet. */
  public NetworkSlot(Device device) {
    this.device = device;
  }

  /**
   * Makes this source the one that is ready, if it is not.
   *
   * @param told is given the seconds that took, if it was not ready
   * @throws dev.larmor.models.data.DataException if a checkpoint cannot be read
   */
  public ReconstructionModel model(ImageSource source, DoubleConsumer told) {
    return switch (source) {
      case ImageSource.Baseline _ -> baseline;
      case ImageSource.Saved saved -> {
        if (!saved.equals(loaded)) {
          load(saved, told);
        }
        yield network.model();
      }
    };
  }

  private void load(ImageSource.Saved saved, DoubleConsumer told) {
    long start = System.nanoTime();
    boolean first = network == null;
    loaded = null;
    if (first || !network.config().equals(saved.config())) {
      close();
      network = Network.place(device, saved.config(), 0);
    }
    try {
      Checkpoint.load(saved.checkpoint(), network, null);
    } catch (DataException e) {
      throw new CheckpointException(e);
    }
    device.synchronize();
    loaded = saved;
    double took = (System.nanoTime() - start) * 1e-9;
    if (!first) {
      switches++;
      seconds += took;
    }
    told.accept(took);
  }

  /** Whether this source is ready. */
  boolean holds(ImageSource source) {
    return source.equals(loaded);
  }

  /** How often one network took another's place. */
  public int switches() {
    return switches;
  }

  /** How long that took in all. */
  public double switchSeconds() {
    return seconds;
  }

  @Override
  public void close() {
    if (network != null) {
      network.close();
      network = null;
    }
  }
}
