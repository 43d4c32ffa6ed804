package dev.larmor.models.ssl.adapt.segmentation;

/** To which spacing images are resampled. */
public enum SpacingMode {
  /** A given one. */
  fixed,
  /** The median of the training images'. */
  default_nnunet,
  /** Each image's own. */
  no_resample,
  /** That of the pre-training. */
  like_pretrained
}
