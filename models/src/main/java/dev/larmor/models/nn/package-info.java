/**
 * Layers: the parts that models are built from.
 *
 * <p>A layer owns parameters and says, in its {@code forward}, which ops it is made of. Tensors are
 * feature maps {@code [N, C, H, W]} (or {@code [N, C, D, H, W]}); each class states its shapes.
 * Parameter names are those of the usual PyTorch state dictionaries of these networks, so that
 * weights interchange: the two convolutions of a {@link dev.larmor.models.nn.ConvBlock} are {@code
 * layers.0.weight} and {@code layers.4.weight}.
 *
 * <p>The innermost building block is {@link dev.larmor.models.nn.ConvNormAct}: convolution,
 * instance normalisation, leaky ReLU. Its reverse rule keeps one feature map, not three (see {@link
 * dev.larmor.engine.op.InstanceNormAct}).
 */
package dev.larmor.models.nn;
