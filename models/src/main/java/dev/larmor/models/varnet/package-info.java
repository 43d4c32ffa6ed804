/**
 * The end-to-end variational network (Sriram et al., "End-to-End Variational Networks for
 * Accelerated MRI Reconstruction", MICCAI 2020) and what every reconstruction network here shares.
 *
 * <p>A {@link dev.larmor.models.varnet.ReconstructionModel} goes from undersampled k-space to an
 * image. It first estimates coil sensitivities ({@link dev.larmor.models.varnet.SensitivityModel}),
 * then improves k-space in cascades ({@link dev.larmor.models.varnet.ImageCascade}): a step toward
 * the measured samples and a step by a U-Net in image space. {@link
 * dev.larmor.models.varnet.VarNet} is nothing but these; {@code dev.larmor.models.fivarnet} puts
 * cascades in feature space before them.
 *
 * <p>Every cascade is a {@linkplain dev.larmor.autograd.Tape#checkpoint checkpointed stage} under
 * its module's name: training may keep its activations or compute them again.
 */
package dev.larmor.models.varnet;
