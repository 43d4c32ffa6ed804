package dev.larmor.kernels.cpu;

import dev.larmor.engine.Backend;
import dev.larmor.engine.Buffer;
import dev.larmor.engine.Capabilities;
import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import dev.larmor.kernels.HostMemory;
import dev.larmor.kernels.cpu.dnnl.Dnnl;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The processor: kernels of our own on its vectors, convolutions and matrix products by oneDNN. One
 * line of {@link #run} leads to each kernel.
 */
public final class CpuBackend implements Backend {
  private final Set<CpuBuffer> held = new HashSet<>();
  private final Team team;
  private final Capabilities capabilities;
  private final CpuWorkspace workspaces;
  private final Attention attention;
  private final ChannelKernels channels;
  private final Coils coils;
  private final Contractions contractions;
  private final Edges edges;
  private final Elementwise elementwise;
  private final Fourier fourier;
  private final InstanceNorm norm;
  private final Kspace kspace;
  private final Likelihood likelihood;
  private final Morphology morphology;
  private final Noise noise;
  private final Optimizer optimizer;
  private final Padding padding;
  private final Pooling pooling;
  private final Resampling resampling;
  private final Similarity similarity;
  private final Slices slices;
  private final Transfer transfer;
  private final Views views;

  /** A backend with a team of {@code threads}. */
  public CpuBackend(int threads) {
    team = new Team(threads);
    contractions = new Contractions(team);
    workspaces = new CpuWorkspace(contractions, threads);
    attention = new Attention(team);
    channels = new ChannelKernels(team);
    edges = new Edges(team);
    elementwise = new Elementwise(team);
    fourier = new Fourier(team);
    coils = new Coils(team, fourier);
    kspace = new Kspace(team);
    likelihood = new Likelihood(team);
    morphology = new Morphology(team);
    noise = new Noise(team);
    norm = new InstanceNorm(team);
    optimizer = new Optimizer(team);
    padding = new Padding(team);
    pooling = new Pooling(team);
    resampling = new Resampling(team);
    similarity = new Similarity(team);
    slices = new Slices(team);
    transfer = new Transfer(team);
    views = new Views(team);
    capabilities = describe();
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String dryRun() {
    return "meta:cpu";
  }

  @Override
  public Capabilities capabilities() {
    return capabilities;
  }

  private Capabilities describe() {
    String library =
        Dnnl.unavailableReason()
            .map(reason -> "convolutions in Java (%s)".formatted(reason))
            .orElseGet(() -> "oneDNN " + Dnnl.version());
    String description =
        "%s, %d thread%s, %d-bit vectors, %s"
            .formatted(
                Processor.model(),
                team.threads(),
                team.threads() == 1 ? "" : "s",
                Lanes.FLOATS.vectorBitSize(),
                library);
    // Doubles are moved and converted, never computed with; halves come and go with the host only.
    EnumSet<DType> dtypes = EnumSet.complementOf(EnumSet.of(DType.F64, DType.F16));
    return new Capabilities(description, dtypes, true, Processor.memoryBytes());
  }

  @Override
  public Buffer allocate(long bytes) {
    CpuBuffer buffer = new CpuBuffer(HostMemory.allocate(HostMemory.align(bytes)));
    held.add(buffer);
    return buffer;
  }

  @Override
  public void free(Buffer buffer) {
    held.remove((CpuBuffer) buffer);
    HostMemory.free(((CpuBuffer) buffer).segment());
  }

  @Override
  public void upload(MemorySegment host, DType hostType, TensorSpec spec, Buffer buffer) {
    transfer.upload(host, hostType, new Array(spec, ((CpuBuffer) buffer).address()));
  }

  @Override
  public void download(Buffer buffer, TensorSpec spec, MemorySegment host, DType hostType) {
    transfer.download(new Array(spec, ((CpuBuffer) buffer).address()), host, hostType);
  }

  @Override
  public long workspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return workspaces.bytes(op, inputs, outputs);
  }

  @Override
  public void run(Op op, List<Operand> inputs, List<Operand> outputs, Buffer workspace) {
    Array[] x = arrays(inputs);
    Array[] y = arrays(outputs);
    long w = workspace == null ? 0 : ((CpuBuffer) workspace).address();
    switch (op) {
      case AdamStep o -> optimizer.adam(o, x);
      case SgdStep o -> optimizer.sgd(o, x);
      case Add _ -> elementwise.add(x[0], x[1], y[0]);
      case AddBias _ -> channels.addBias(x[0], x[1], y[0], w);
      case Affine o -> elementwise.affine(o, x[0], y[0]);
      case AnatomicalMask o -> morphology.anatomicalMask(o, x[0], y[0], w);
      case AvgPool o -> pooling.average(o, x[0], y[0]);
      case AvgPool.Grad o -> pooling.averageGrad(o.pool(), x[0], y[0]);
      case Axpy o -> elementwise.axpy(o.alpha(), x[0], x[1]);
      case Cast _ -> elementwise.cast(x[0], y[0]);
      case ChannelAffine _ -> channels.channelAffine(x[0], x[1], x[2], y[0], w);
      case ChannelDot _ -> channels.channelDot(x[0], x[1], y[0], w);
      case ChannelDropout o -> channels.channelDropout(o, x[0], y[0], w);
      case ChannelScale _ -> channels.channelScale(x[0], x[1], y[0], w);
      case ChannelSum _ -> channels.channelSum(x[0], y[0], w);
      case ChannelTotal _ -> channels.channelTotal(x[0], y[0], w);
      case ChannelsToComplex _, ComplexToChannels _ -> views.complex(x[0], y[0]);
      case ChunkAttention o -> attention.chunks(o.chunks(), x[0], x[1], x[2], y[0]);
      case ChunkAttention.Grad o ->
          attention.chunksGrad(o.attention().chunks(), x[0], x[1], x[2], x[3], y[0], y[1], y[2]);
      case Concat o -> slices.concat(o, List.of(x), y[0]);
      case Conv _, Conv.Input _, Conv.Weight _, ConvTranspose _, MatMul _ ->
          contractions.run(op, x, y[0], w);
      case Crop o -> slices.crop(o, x[0], y[0]);
      case CrossEntropy o -> likelihood.crossEntropy(o, x[0], x[1], y[0], w);
      case CrossEntropy.Grad o -> likelihood.crossEntropyGrad(o.loss(), x[0], x[1], x[2], y[0]);
      case Dot _ -> elementwise.dot(x[0], x[1], y[0], w);
      case Embed o -> padding.embed(o, x[0], y[0]);
      case Fft2 o -> fourier.transform(o, x[0], y[0], w);
      case Fill o -> elementwise.fill(o.value(), y[0]);
      case InstanceNormAct o -> norm.forward(o, x[0], y[0], y[1], w);
      case InstanceNormAct.Grad o -> norm.grad(o, x[0], x[1], x[2], y[0], w);
      case InstanceNormAffineAct o -> norm.affineForward(o, x, y, w);
      case InstanceNormAffineAct.Grad o -> norm.affineGrad(o, x, y, w);
      case LeakyRelu o -> elementwise.leakyRelu(o.slope(), x[0], y[0]);
      case LeakyRelu.Grad o -> elementwise.leakyReluGrad(o.slope(), x[0], x[1], y[0]);
      case MaskColumns _ -> kspace.mask(x[0], x[1], y[0], w);
      case MaskedResidual _ -> kspace.residual(x[0], x[1], x[2], y[0], w);
      case Moments o -> norm.moments(o, x[0], y[0], y[1], w);
      case Moments.Grad o -> norm.momentsGrad(o, channels, x[0], x[1], x[2], x[3], y[0], w);
      case Mul _ -> elementwise.multiply(x[0], x[1], y[0]);
      case Mul.Conj _ -> elementwise.multiplyConjugate(x[0], x[1], y[0]);
      case Narrow o -> slices.narrow(o, x[0], y[0]);
      case Pad o -> padding.pad(o, x[0], y[0]);
      case Pad.Fold o -> padding.fold(o.pad(), x[0], y[0]);
      case Resample o -> resampling.resample(o, x[0], y[0]);
      case Reshape _ -> views.reshape(x[0], y[0]);
      case Rss _ -> coils.rss(x[0], y[0]);
      case Rss.Grad _ -> coils.rssGrad(x[0], x[1], x[2], y[0]);
      case RssNormalize _ -> coils.rssNormalize(x[0], y[0]);
      case RssNormalize.Grad _ -> coils.rssNormalizeGrad(x[0], x[1], y[0]);
      case ScaleBy _ -> elementwise.scaleBy(x[0], x[1], y[0]);
      case SensExpand _ -> coils.expand(x[0], x[1], y[0], w);
      case SensReduce _ -> coils.reduce(x[0], x[1], y[0], w);
      case SensReduce.MapGrad _ -> coils.mapGrad(x[0], x[1], y[0], w);
      case SobelMagnitude o -> edges.magnitude(o.eps(), x[0], y[0]);
      case SobelMagnitude.Grad o -> edges.grad(o.eps(), x[0], x[1], y[0], w);
      case SoftDataConsistency _ ->
          kspace.softDataConsistency(x[0], x[1], x[2], x[3], x[4], y[0], w);
      case SoftDataConsistency.KspaceGrad _ -> kspace.softGrad(x[0], x[1], x[2], y[0], w);
      case Softmax _ -> likelihood.softmax(x[0], y[0]);
      case Softmax.Grad _ -> likelihood.softmaxGrad(x[0], x[1], y[0]);
      case Spread _ -> elementwise.fill(x[0].get(0), y[0]);
      case Ssim o -> similarity.ssim(o, x[0], x[1], x[2], y[0]);
      case Ssim.Grad o -> similarity.grad(o.ssim(), x[0], x[1], x[2], x[3], y[0], w);
      case Sub _ -> elementwise.subtract(x[0], x[1], y[0]);
      case Sum _ -> elementwise.sum(x[0], y[0], w);
      case Unary o -> elementwise.unary(o.function(), x[0], y[0]);
      case Unary.Grad o -> elementwise.unaryGrad(o.function(), x[0], x[1], y[0]);
      case Uniform o -> noise.uniform(o, y[0]);
      case Op.Custom o -> o.kernel(views(x), views(y));
    }
  }

  private static Array[] arrays(List<Operand> operands) {
    return operands.stream().map(Array::of).toArray(Array[]::new);
  }

  private static HostView[] views(Array[] arrays) {
    HostView[] views = new HostView[arrays.length];
    for (int i = 0; i < views.length; i++) {
      views[i] = new HostView(arrays[i]);
    }
    return views;
  }

  /** Every call has finished when it returns. */
  @Override
  public void synchronize() {}

  @Override
  public void close() {
    contractions.close();
    team.close();
    held.forEach(buffer -> HostMemory.free(buffer.segment()));
    held.clear();
  }
}
