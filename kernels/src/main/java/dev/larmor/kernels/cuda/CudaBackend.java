package dev.larmor.kernels.cuda;

import dev.larmor.engine.Backend;
import dev.larmor.engine.Buffer;
import dev.larmor.engine.Capabilities;
import dev.larmor.engine.Collective;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.LentRanks;
import dev.larmor.engine.Roofline;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A graphics card: kernels of our own compiled for it, Fourier transforms by cuFFT, matrix products
 * by cuBLAS, convolutions by cuDNN. One line of {@link #run} leads to each kernel.
 *
 * <p>Ops are started and not waited for; they run on the card one after the other. {@link
 * #download} and {@link #synchronize} wait.
 */
final class CudaBackend implements Backend {
  private final String name;
  private final Cuda cuda;
  private final Capabilities capabilities;
  private final CudaPlanner planner;
  private final DeviceArena arena;
  private final Transfer transfer;
  private final Kernels kernels;

  private final Attention attention;
  private final ChannelKernels channels;
  private final Coils coils;
  private final Convolutions convolutions;
  private final Elementwise elementwise;
  private final Fourier fourier;
  private final Images images;
  private final InstanceNorm norm;
  private final Kspace kspace;
  private final Likelihood likelihood;
  private final MatrixProducts products;
  private final Movement movement;
  private final Noise noise;
  private final Optimizer optimizer;
  private final Pooling pooling;
  private final Sums sums;

  /** What was made for ranks; those that were not closed are broken off with the card. */
  private final List<NcclCollective> exchanges = new ArrayList<>();

  /** The thread that the card is current on. */
  private Thread owner;

  /**
   * A backend on an open card, which it closes when it is closed.
   *
   * @throws dev.larmor.engine.DeviceException if the card does not compute what it should, or has
   *     not the precision; the card is then the caller's to close
   */
  CudaBackend(String name, Cuda cuda, DeviceConfig config) {
    this.name = name;
    this.cuda = cuda;
    CardFacts card = cuda.driver().card();
    planner = new CudaPlanner(card.capability(), config.precision());
    planner.check(card.name());
    capabilities = describe(card, planner);
    attach();
    arena = new DeviceArena(cuda.driver());
    transfer = new Transfer(cuda.driver(), planner.channelsLast());
    kernels = new Kernels(cuda, planner.channelsLast());
    attention = new Attention(kernels);
    channels = new ChannelKernels(kernels);
    fourier = new Fourier(kernels, cuda.fft());
    coils = new Coils(kernels, fourier);
    elementwise = new Elementwise(kernels);
    images = new Images(kernels);
    norm = new InstanceNorm(kernels);
    kspace = new Kspace(kernels);
    movement = new Movement(kernels);
    noise = new Noise(kernels);
    optimizer = new Optimizer(kernels);
    pooling = new Pooling(kernels);
    sums = new Sums(kernels);
    likelihood = new Likelihood(kernels, sums);
    products = new MatrixProducts(cuda.blas(), planner.rounds());
    convolutions = new Convolutions(kernels, cuda.dnn(), channels, movement, planner.rounds());
    SelfTest.run(this);
  }

  private static Capabilities describe(CardFacts card, CudaPlanner planner) {
    // A virtual card may not tell its clocks.
    boolean known = card.flopPerSecond() > 0 && card.bandwidth() > 0;
    return new Capabilities(
        card.toString(),
        planner.dtypes(),
        planner.channelsLast(),
        card.memoryBytes(),
        known ? new Roofline(card.flopPerSecond(), card.bandwidth()) : null);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String dryRun() {
    return "meta:" + cuda.driver().card().architecture();
  }

  @Override
  public Capabilities capabilities() {
    return capabilities;
  }

  private void attach() {
    if (owner != Thread.currentThread()) {
      cuda.driver().attach();
      owner = Thread.currentThread();
    }
  }

  @Override
  public Buffer allocate(long bytes) {
    attach();
    return transfer.fresh(arena.allocate(bytes), bytes);
  }

  @Override
  public void free(Buffer buffer) {
    attach();
    arena.free(((CudaBuffer) buffer).address);
  }

  @Override
  public void upload(MemorySegment host, DType hostType, TensorSpec spec, Buffer buffer) {
    attach();
    transfer.upload(host, hostType, spec, (CudaBuffer) buffer);
  }

  @Override
  public void download(Buffer buffer, TensorSpec spec, MemorySegment host, DType hostType) {
    attach();
    transfer.download((CudaBuffer) buffer, spec, host, hostType);
    checkExchanges();
  }

  @Override
  public long workspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return planner.bytes(op, inputs, outputs);
  }

  @Override
  public long leastWorkspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return planner.least(op, inputs, outputs);
  }

  @Override
  public void run(Op op, List<Operand> inputs, List<Operand> outputs, Buffer workspace) {
    attach();
    List<CudaBuffer> used = new ArrayList<>(inputs.size() + outputs.size() + 1);
    Array[] x = arrays(inputs, used);
    Array[] y = arrays(outputs, used);
    long w = 0;
    if (workspace != null) {
      used.add((CudaBuffer) workspace);
      w = ((CudaBuffer) workspace).address;
    }
    transfer.beforeUse(used);
    switch (op) {
      case AdamStep o -> optimizer.adam(o, x);
      case SgdStep o -> optimizer.sgd(o, x);
      case Add _ -> elementwise.combine("add", x[0], x[1], y[0]);
      case AddBias _ -> channels.addBias(x[0], x[1], y[0]);
      case Affine o -> elementwise.affine(o, x[0], y[0]);
      case AnatomicalMask o -> images.anatomicalMask(o, x[0], y[0], w);
      case AvgPool o -> pooling.average(o, x[0], y[0]);
      case AvgPool.Grad o -> pooling.averageGrad(o.pool(), x[0], y[0]);
      case Axpy o -> elementwise.axpy(o.alpha(), x[0], x[1]);
      case Cast _ -> movement.cast(x[0], y[0]);
      case ChannelAffine _ -> channels.channelAffine(x[0], x[1], x[2], y[0]);
      case ChannelDot _ -> channels.channelDot(x[0], x[1], y[0], w);
      case ChannelDropout o -> channels.channelDropout(o, x[0], y[0]);
      case ChannelScale _ -> channels.channelScale(x[0], x[1], y[0]);
      case ChannelSum _ -> channels.channelSum(x[0], y[0], w);
      case ChannelTotal _ -> channels.channelTotal(x[0], y[0], w);
      case ChannelsToComplex _, ComplexToChannels _ -> movement.complex(x[0], y[0]);
      case ChunkAttention o -> attention.chunks(o.chunks(), x[0], x[1], x[2], y[0], w);
      case ChunkAttention.Grad o ->
          attention.chunksGrad(o.attention().chunks(), x[0], x[1], x[2], x[3], y[0], y[1], y[2], w);
      case Concat o -> movement.concat(o, x, y[0]);
      case Conv _, Conv.Input _, Conv.Weight _, ConvTranspose _ ->
          convolutions.run(op, x, y[0], w, workspace == null ? 0 : workspace.bytes());
      case Crop o -> movement.crop(o, x[0], y[0]);
      case CrossEntropy o -> likelihood.crossEntropy(o, x[0], x[1], y[0], w);
      case CrossEntropy.Grad o -> likelihood.crossEntropyGrad(o.loss(), x[0], x[1], x[2], y[0]);
      case Dot _ -> sums.dot(x[0], x[1], y[0], w);
      case Embed o -> movement.embed(o, x[0], y[0]);
      case Fft2 o -> fourier.transform(o, x[0], y[0], w);
      case Fill o -> elementwise.fill(o.value(), y[0]);
      case InstanceNormAct o -> norm.forward(o, x[0], y[0], y[1], w);
      case InstanceNormAct.Grad o -> norm.grad(o, x[0], x[1], x[2], y[0], w);
      case InstanceNormAffineAct o -> norm.affineForward(o, x, y, w);
      case InstanceNormAffineAct.Grad o -> norm.affineGrad(o, x, y, w);
      case LeakyRelu o -> elementwise.leakyRelu(o.slope(), x[0], y[0]);
      case LeakyRelu.Grad o -> elementwise.leakyReluGrad(o.slope(), x[0], x[1], y[0]);
      case MaskColumns _ -> kspace.mask(x[0], x[1], y[0]);
      case MaskedResidual _ -> kspace.residual(x[0], x[1], x[2], y[0]);
      case MatMul o -> products.multiply(o, x[0], x[1], y[0], w);
      case Moments o -> norm.moments(o, x[0], y[0], y[1], w);
      case Moments.Grad o -> norm.momentsGrad(o, x[0], x[1], x[2], x[3], y[0]);
      case Mul _ -> elementwise.multiply(x[0], x[1], y[0]);
      case Mul.Conj _ -> elementwise.multiplyConjugate(x[0], x[1], y[0]);
      case Narrow o -> movement.narrow(o, x[0], y[0]);
      case Pad o -> movement.pad(o, x[0], y[0]);
      case Pad.Fold o -> movement.fold(o.pad(), x[0], y[0]);
      case Resample o -> coils.resample(o, x[0], y[0]);
      case Reshape _ -> movement.reshape(x[0], y[0]);
      case Rss _ -> coils.rss(x[0], y[0]);
      case Rss.Grad _ -> coils.rssGrad(x[0], x[1], x[2], y[0]);
      case RssNormalize _ -> coils.rssNormalize(x[0], y[0]);
      case RssNormalize.Grad _ -> coils.rssNormalizeGrad(x[0], x[1], y[0]);
      case ScaleBy _ -> elementwise.scaleBy(x[0], x[1], y[0]);
      case SensExpand _ -> coils.expand(x[0], x[1], y[0], w);
      case SensReduce _ -> coils.reduce(x[0], x[1], y[0], w);
      case SensReduce.MapGrad _ -> coils.mapGrad(x[0], x[1], y[0], w);
      case SobelMagnitude o -> images.sobel(o.eps(), x[0], y[0]);
      case SobelMagnitude.Grad o -> images.sobelGrad(o.eps(), x[0], x[1], y[0], w);
      case SoftDataConsistency _ -> kspace.softDataConsistency(x[0], x[1], x[2], x[3], x[4], y[0]);
      case SoftDataConsistency.KspaceGrad _ -> kspace.softGrad(x[0], x[1], x[2], y[0]);
      case Softmax _ -> likelihood.softmax(x[0], y[0]);
      case Softmax.Grad _ -> likelihood.softmaxGrad(x[0], x[1], y[0]);
      case Spread _ -> elementwise.spread(x[0], y[0]);
      case Ssim o -> images.ssim(o, x[0], x[1], x[2], y[0], w);
      case Ssim.Grad o -> images.ssimGrad(o.ssim(), x[0], x[1], x[2], x[3], y[0], w);
      case Sub _ -> elementwise.combine("subtract", x[0], x[1], y[0]);
      case Sum _ -> sums.sum(x[0], y[0], w);
      case Unary o -> elementwise.unary(o.function(), x[0], y[0]);
      case Unary.Grad o -> elementwise.unaryGrad(o.function(), x[0], x[1], y[0]);
      case Uniform o -> noise.uniform(o, y[0]);
      case Op.Custom o -> custom(o, inputs, outputs, x, y);
    }
  }

  private static Array[] arrays(List<Operand> operands, List<CudaBuffer> used) {
    Array[] arrays = new Array[operands.size()];
    for (int i = 0; i < arrays.length; i++) {
      arrays[i] = Array.of(operands.get(i));
      used.add((CudaBuffer) operands.get(i).buffer());
    }
    return arrays;
  }

  private void custom(
      Op.Custom op, List<Operand> inputs, List<Operand> outputs, Array[] x, Array[] y) {
    Op.CudaKernel kernel = op.cuda(specs(inputs), specs(outputs));
    Launch launch = kernels.startSource(op.name() + ".cu", kernel.source(), kernel.function());
    for (Array input : x) {
      launch.at(input);
    }
    for (Array output : y) {
      launch.at(output);
    }
    launch.count(y[0].elements()).grid(kernel.grid(), 1, kernel.block(), 1);
  }

  private static List<TensorSpec> specs(List<Operand> operands) {
    return operands.stream().map(Operand::spec).toList();
  }

  @Override
  public void synchronize() {
    attach();
    transfer.synchronize();
    checkExchanges();
  }

  @Override
  public Collective collective(Device device, Collective ranks) {
    attach();
    List<Introduction> peers =
        Introduction.exchange(Introduction.of(name, cuda, planner.channelsLast()), ranks);
    String obstacle = Introduction.obstacle(peers);
    if (obstacle != null) {
      return new LentRanks(ranks, "through the host: " + obstacle);
    }
    NcclCollective exchange =
        new NcclCollective(cuda.nccl(), this::attach, transfer, device, ranks);
    exchanges.add(exchange);
    return exchange;
  }

  /** What was computed from the result of a broken exchange is nothing. */
  private void checkExchanges() {
    exchanges.forEach(NcclCollective::check);
  }

  @Override
  public void close() {
    attach();
    exchanges.forEach(NcclCollective::breakOff);
    convolutions.close();
    fourier.close();
    kernels.close();
    transfer.close();
    arena.close();
    cuda.close();
  }
}
