package dev.larmor.models.simclr.view;

/** One step of an augmentation, as it was drawn. */
public sealed interface Change
    permits Noise, Blur, Brightness, Contrast, LowResolution, Power, Mirror, QuarterTurns {
  /** Changes a volume in place. */
  void apply(Volume volume);
}
