package dev.larmor.models.simclr.view;

/** What a patch has where it reaches beyond its image. */
public enum Outside {
  /** Zero, as in the original: in an image scaled to mean 0, that is its mean. */
  ZERO {
    @Override
    public float value(Volume image) {
      return 0;
    }
  },

  /** The image's least value, which in most images is the air. */
  MINIMUM {
    @Override
    public float value(Volume image) {
      return image.minimum();
    }
  };

  /** The value around an image. */
  public abstract float value(Volume image);
}
