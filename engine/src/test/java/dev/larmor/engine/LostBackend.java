package dev.larmor.engine;

import dev.larmor.engine.op.Op;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Another backend that fails in the middle of a run, as a card does that is lost: {@code
 * lost:500:cpu} runs 500 ops. Afterwards nothing works but giving memory back.
 */
public final class LostBackend extends BackendOver {
  /** Opens {@code lost:<ops>:<device>}. */
  public static final class Provider implements BackendProvider {
    private static final Pattern NAME = Pattern.compile("lost:(\\d+):(.+)");

    @Override
    public String devices() {
      return "lost:OPS:DEVICE";
    }

    @Override
    public boolean provides(String device) {
      return NAME.matcher(device).matches();
    }

    @Override
    public Backend open(String device, DeviceConfig config) {
      Matcher name = NAME.matcher(device);
      if (!name.matches()) {
        throw new DeviceException("not " + devices() + ": " + device);
      }
      int ops = Integer.parseInt(name.group(1));
      return new LostBackend(device, BackendOver.open(name.group(2), config), ops);
    }
  }

  private int left;

  LostBackend(String name, Backend other, int ops) {
    super(name, other);
    left = ops;
  }

  private void check() {
    if (left <= 0) {
      throw new DeviceLostException(name() + " is lost to this process");
    }
  }

  @Override
  public Buffer allocate(long bytes) {
    check();
    return super.allocate(bytes);
  }

  @Override
  public void upload(MemorySegment host, DType hostType, TensorSpec spec, Buffer buffer) {
    check();
    super.upload(host, hostType, spec, buffer);
  }

  @Override
  public void download(Buffer buffer, TensorSpec spec, MemorySegment host, DType hostType) {
    check();
    super.download(buffer, spec, host, hostType);
  }

  @Override
  public void run(Op op, List<Operand> inputs, List<Operand> outputs, Buffer workspace) {
    left--;
    check();
    super.run(op, inputs, outputs, workspace);
  }

  @Override
  public void synchronize() {
    check();
    super.synchronize();
  }
}
