package dev.larmor.models.nn;

import dev.larmor.engine.op.InstanceNormAct;

/** The two instance normalisations of these networks: no affine part, biased variance, eps 1e-5. */
public final class InstanceNorm {
  /** Followed by a leaky ReLU of slope 0.2. */
  public static final InstanceNormAct LEAKY = new InstanceNormAct(1e-5f, 0.2f);

  /** Followed by nothing. */
  public static final InstanceNormAct PLAIN = new InstanceNormAct(1e-5f, 1);

  private InstanceNorm() {}
}
