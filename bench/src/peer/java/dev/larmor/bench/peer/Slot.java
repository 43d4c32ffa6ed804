package dev.larmor.bench.peer;

/** What flows between the {@linkplain Stage stages} of {@link FiVarNet}. */
enum Slot {
  /** Features, then k-space, then the image. */
  X,
  /** Sensitivity maps, C64 {@code [coils, H, W]}. */
  SENS,
  /** Mean of the first combined image, F32 {@code [1, 2, 1, 1]}. */
  MEAN,
  /** Its biased variance, F32 {@code [1, 2, 1, 1]}. */
  VAR
}
