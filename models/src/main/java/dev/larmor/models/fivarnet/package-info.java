/**
 * FI-VarNet, the feature-image variational network (Giannakopoulos et al., "Accelerated MRI
 * reconstructions via variational network and feature domain learning", Scientific Reports 14,
 * 2024).
 *
 * <p>A {@linkplain dev.larmor.models.varnet variational network} passes through an image of two
 * channels between any two cascades. FI-VarNet's first cascades ({@link
 * dev.larmor.models.fivarnet.FeatureCascade}) work on many feature maps instead: {@link
 * dev.larmor.models.fivarnet.FeatureEncoder} makes them of the image, {@link
 * dev.larmor.models.fivarnet.FeatureDecoder} makes an image of them wherever they have to be
 * compared with the measured k-space. Image cascades finish. {@link
 * dev.larmor.models.fivarnet.FiVarNet} puts it together.
 */
package dev.larmor.models.fivarnet;
