/**
 * Multi-coil k-space made from anatomical images, for tests, demonstrations and data sets that may
 * be passed on.
 *
 * <p>The signal model is the usual one of parallel imaging: coil c receives {@code k_c = F(S_c · m
 * · e^{iφ}) + n_c} with the magnitude image m, a smooth phase φ ({@link
 * dev.larmor.models.data.simulate.ObjectPhase}), the sensitivity S_c of a current loop beside the
 * object by Biot and Savart's law ({@link dev.larmor.models.data.simulate.CoilArray}) and complex
 * white noise. {@link dev.larmor.models.data.simulate.Simulation} writes whole data sets in the
 * challenge's layout.
 */
package dev.larmor.models.data.simulate;
