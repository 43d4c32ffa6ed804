package dev.larmor.models.ssl.preprocess;

/** What a mask of an image marks. */
public enum MaskKind {
  /** What was removed so that nobody is recognised: the face. */
  ANONYMIZATION("anonymization_mask"),
  /** The body part itself. */
  ANATOMY("anatomy_mask"),
  /** What is to be found in the image: a segmentation's labels. */
  LABELS("labels");

  private final String key;

  MaskKind(String key) {
    this.key = key;
  }

  /** As {@code pretrain_data.json} and the preprocessed files call it. */
  public String key() {
    return key;
  }
}
