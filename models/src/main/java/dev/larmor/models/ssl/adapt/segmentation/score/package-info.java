/**
 * How good a segmentation is: {@link dev.larmor.models.ssl.adapt.segmentation.score.CaseScore}
 * compares one with the truth, {@link dev.larmor.models.ssl.adapt.segmentation.score.Score} takes
 * all together, {@link dev.larmor.models.ssl.adapt.segmentation.score.ScorePage} shows them.
 */
package dev.larmor.models.ssl.adapt.segmentation.score;
