package dev.larmor.models.ssl.preprocess.plan;

import com.fasterxml.jackson.annotation.JsonProperty;

/** To which grid a configuration brings the images. */
public enum SpacingStyle {
  /** The collection's median spacing. */
  @JsonProperty("median")
  MEDIAN,
  /** 1 mm along each axis. */
  @JsonProperty("onemmiso")
  ONE_MM_ISO,
  /** Each image's own. */
  @JsonProperty("noresample")
  NO_RESAMPLE;
}
