package dev.larmor.kernels.ref;

import dev.larmor.engine.Backend;
import dev.larmor.engine.Buffer;
import dev.larmor.engine.Capabilities;
import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import dev.larmor.kernels.HostMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The definition of every op: naive, single-threaded, double precision. One line of {@link #run}
 * leads to each.
 */
public final class RefBackend implements Backend {
  /** BF16 and F16 kept as double. */
  private static final int WIDENING = 4;

  private final Set<RefBuffer> held = new HashSet<>();

  @Override
  public String name() {
    return "ref";
  }

  @Override
  public String dryRun() {
    return "meta";
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(
        "reference in double precision", EnumSet.allOf(DType.class), false, Long.MAX_VALUE);
  }

  @Override
  public Buffer allocate(long bytes) {
    RefBuffer buffer =
        new RefBuffer(bytes, HostMemory.allocate(Math.multiplyExact(WIDENING, bytes)));
    held.add(buffer);
    return buffer;
  }

  @Override
  public void free(Buffer buffer) {
    held.remove((RefBuffer) buffer);
    HostMemory.free(((RefBuffer) buffer).segment());
  }

  @Override
  public void upload(MemorySegment host, DType hostType, TensorSpec spec, Buffer buffer) {
    RefTensor tensor = tensor(spec, buffer);
    for (long i = 0; i < tensor.reals(); i++) {
      tensor.set(
          i,
          switch (hostType) {
            case F64 -> host.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8 * i);
            case F32, C64 -> host.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i);
            case BF16 ->
                Float.intBitsToFloat(host.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i) << 16);
            case F16 -> Float.float16ToFloat(host.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i));
            case I32 -> host.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * i);
            case U8 -> host.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
          });
    }
  }

  @Override
  public void download(Buffer buffer, TensorSpec spec, MemorySegment host, DType hostType) {
    RefTensor tensor = tensor(spec, buffer);
    for (long i = 0; i < tensor.reals(); i++) {
      double value = tensor.get(i);
      switch (hostType) {
        case F64 -> host.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8 * i, value);
        case F32, C64 -> host.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, (float) value);
        case BF16 -> host.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i, bfloat16((float) value));
        case F16 ->
            host.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i, Float.floatToFloat16((float) value));
        case I32 -> host.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * i, (int) value);
        case U8 -> host.set(ValueLayout.JAVA_BYTE, i, (byte) value);
      }
    }
  }

  /** The nearest bfloat16, ties to even. */
  private static short bfloat16(float value) {
    int bits = Float.floatToIntBits(value);
    int even = bits >>> 16 & 1;
    return (short) ((Float.isNaN(value) ? bits : bits + 0x7FFF + even) >>> 16);
  }

  @Override
  public long workspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return 0;
  }

  @Override
  public void run(Op op, List<Operand> inputs, List<Operand> outputs, Buffer workspace) {
    RefTensor[] x = tensors(inputs);
    RefTensor[] y = tensors(outputs);
    switch (op) {
      case AdamStep o -> Elementwise.adamStep(o, x);
      case SgdStep o -> Elementwise.sgdStep(o, x);
      case Add _ -> Elementwise.add(x[0], x[1], y[0]);
      case AddBias _ -> Channelwise.addBias(x[0], x[1], y[0]);
      case Affine o -> Elementwise.affine(o, x[0], y[0]);
      case AnatomicalMask o -> Images.anatomicalMask(o, x[0], y[0]);
      case AvgPool o -> Convolution.avgPool(o, x[0], y[0]);
      case AvgPool.Grad o -> Convolution.avgPoolGrad(o.pool(), x[0], y[0]);
      case Axpy o -> Elementwise.axpy(o, x[0], x[1]);
      case Cast _ -> Elementwise.copy(x[0], y[0]);
      case ChannelAffine _ -> Channelwise.channelAffine(x[0], x[1], x[2], y[0]);
      case ChannelDot _ -> Channelwise.channelDot(x[0], x[1], y[0]);
      case ChannelDropout o -> Channelwise.channelDropout(o, x[0], y[0]);
      case ChannelScale _ -> Channelwise.channelScale(x[0], x[1], y[0]);
      case ChannelSum _ -> Channelwise.channelSum(x[0], y[0]);
      case ChannelTotal _ -> Channelwise.channelTotal(x[0], y[0]);
      case ChannelsToComplex _ -> Movement.channelsToComplex(x[0], y[0]);
      case ChunkAttention o -> Products.chunkAttention(o, x[0], x[1], x[2], y[0]);
      case ChunkAttention.Grad o -> Products.chunkAttentionGrad(o.attention(), x, y);
      case ComplexToChannels _ -> Movement.complexToChannels(x[0], y[0]);
      case Concat o -> Movement.concat(o, x, y[0]);
      case Conv o -> Convolution.conv(o, x[0], x[1], x.length == 3 ? x[2] : null, y[0]);
      case Conv.Input o -> Convolution.convInput(o.conv(), x[0], x[1], y[0]);
      case Conv.Weight o -> Convolution.convWeight(o.conv(), x[0], x[1], y[0]);
      case ConvTranspose o -> Convolution.convInput(o.adjoint(), x[0], x[1], y[0]);
      case Crop o -> Movement.crop(o, x[0], y[0]);
      case CrossEntropy o -> Likelihood.crossEntropy(o, x[0], x[1], y[0]);
      case CrossEntropy.Grad o -> Likelihood.crossEntropyGrad(o.loss(), x[0], x[1], x[2], y[0]);
      case Dot _ -> Elementwise.dot(x[0], x[1], y[0]);
      case Embed o -> Movement.embed(o, x[0], y[0]);
      case Fft2 o -> Fourier.fft2(o, x[0], y[0]);
      case Fill o -> Elementwise.fill(o, y[0]);
      case InstanceNormAct o -> Channelwise.instanceNormAct(o, x[0], y[0], y[1]);
      case InstanceNormAct.Grad o -> Channelwise.instanceNormActGrad(o, x[0], x[1], x[2], y[0]);
      case InstanceNormAffineAct o -> Channelwise.instanceNormAffineAct(o, x, y);
      case InstanceNormAffineAct.Grad o -> Channelwise.instanceNormAffineActGrad(o, x, y);
      case LeakyRelu o -> Elementwise.leakyRelu(o, x[0], y[0]);
      case LeakyRelu.Grad o -> Elementwise.leakyReluGrad(o, x[0], x[1], y[0]);
      case MaskColumns _ -> Coils.maskColumns(x[0], x[1], y[0]);
      case MaskedResidual _ -> Coils.maskedResidual(x[0], x[1], x[2], y[0]);
      case MatMul o -> Products.matMul(o, x[0], x[1], y[0]);
      case Moments o -> Channelwise.moments(o, x[0], y[0], y[1]);
      case Moments.Grad o -> Channelwise.momentsGrad(o, x[0], x[1], x[2], x[3], y[0]);
      case Mul _ -> Elementwise.mul(x[0], x[1], y[0]);
      case Mul.Conj _ -> Elementwise.mulConj(x[0], x[1], y[0]);
      case Narrow o -> Movement.narrow(o, x[0], y[0]);
      case Pad o -> Movement.pad(o, x[0], y[0]);
      case Pad.Fold o -> Movement.padFold(o.pad(), x[0], y[0]);
      case Resample o -> Coils.resample(o, x[0], y[0]);
      case Reshape _ -> Elementwise.copy(x[0], y[0]);
      case Rss _ -> Coils.rss(x[0], y[0]);
      case Rss.Grad _ -> Coils.rssGrad(x[0], x[1], x[2], y[0]);
      case RssNormalize _ -> Coils.rssNormalize(x[0], y[0]);
      case RssNormalize.Grad _ -> Coils.rssNormalizeGrad(x[0], x[1], y[0]);
      case ScaleBy _ -> Elementwise.scaleBy(x[0], x[1], y[0]);
      case SensExpand _ -> Coils.sensExpand(x[0], x[1], y[0]);
      case SensReduce _ -> Coils.sensReduce(x[0], x[1], y[0]);
      case SensReduce.MapGrad _ -> Coils.mapGrad(x[0], x[1], y[0]);
      case SobelMagnitude o -> Images.sobelMagnitude(o, x[0], y[0]);
      case SobelMagnitude.Grad o -> Images.sobelMagnitudeGrad(o, x[0], x[1], y[0]);
      case SoftDataConsistency _ -> Coils.softDataConsistency(x[0], x[1], x[2], x[3], x[4], y[0]);
      case SoftDataConsistency.KspaceGrad _ -> Coils.kspaceGrad(x[0], x[1], x[2], y[0]);
      case Softmax _ -> Likelihood.softmax(x[0], y[0]);
      case Softmax.Grad _ -> Likelihood.softmaxGrad(x[0], x[1], y[0]);
      case Spread _ -> Elementwise.spread(x[0], y[0]);
      case Ssim o -> Images.ssim(o, x[0], x[1], x[2], y[0]);
      case Ssim.Grad o -> Images.ssimGrad(o.ssim(), x[0], x[1], x[2], x[3], y[0]);
      case Sub _ -> Elementwise.sub(x[0], x[1], y[0]);
      case Sum _ -> Elementwise.sum(x[0], y[0]);
      case Unary o -> Elementwise.unary(o, x[0], y[0]);
      case Unary.Grad o -> Elementwise.unaryGrad(o, x[0], x[1], y[0]);
      case Uniform o -> Elementwise.uniform(o, y[0]);
      case Op.Custom o -> o.kernel(x, y);
    }
  }

  private static RefTensor[] tensors(List<Operand> operands) {
    return operands.stream().map(o -> tensor(o.spec(), o.buffer())).toArray(RefTensor[]::new);
  }

  private static RefTensor tensor(TensorSpec spec, Buffer buffer) {
    return new RefTensor(spec, ((RefBuffer) buffer).segment());
  }

  /** Nothing is ever pending. */
  @Override
  public void synchronize() {}

  @Override
  public void close() {
    held.forEach(buffer -> HostMemory.free(buffer.segment()));
    held.clear();
  }
}
