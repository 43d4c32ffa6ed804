/**
 * The residual encoder of nnU-Net and what is built on it.
 *
 * <p>{@link dev.larmor.models.resenc.ResidualEncoder} turns a volume into feature maps of ever
 * coarser grids. Pre-training ({@code simclr}) puts a projection head on it; afterwards {@link
 * dev.larmor.models.resenc.ResidualUnet} segments with it and {@link
 * dev.larmor.models.resenc.ResidualClassifier} classifies. Parameter names are those of the Python
 * package dynamic-network-architectures, so that checkpoints interchange: {@code
 * stages.1.blocks.0.skip.1.conv.weight} is the projection in the skip connection of the second
 * stage's first block.
 *
 * <pre>
 * ResidualEncoder encoder = new ResidualEncoder(ResidualEncoder.Config.RES_ENC_L);
 * encoder.place(device, Philox.of(seed, "weights"));
 * Tensor[] stages = encoder.apply(volumes); // F32[N, 1, 160, 160, 160]
 * </pre>
 */
package dev.larmor.models.resenc;
