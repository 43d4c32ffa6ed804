/**
 * Fine-tuning for classification: which class a whole volume belongs to, by a {@link
 * dev.larmor.models.resenc.ResidualClassifier} whose encoder may come from pre-training.
 *
 * <p>A {@link dev.larmor.models.ssl.adapt.classification.CaseTable} names images, labels and
 * subjects; a {@link dev.larmor.models.ssl.adapt.classification.Preparation} makes each case a cube
 * of 1 mm voxels, which {@link dev.larmor.models.ssl.adapt.classification.PreparedCases} keeps on
 * the disk; {@link dev.larmor.models.ssl.adapt.classification.Folds} divides them, subjects
 * undivided; a {@link dev.larmor.models.ssl.adapt.classification.CrossValidation} trains a
 * classifier for each fold, and a {@link
 * dev.larmor.models.ssl.adapt.classification.ClassificationReport} says how well they do on what
 * they have not seen. {@link dev.larmor.models.ssl.adapt.classification.ClassPrediction} uses them.
 *
 * <pre>{@code
 * LabelledCases cases = LabelledCases.of(CaseTable.read(table));
 * Folds folds = Folds.of(cases, 5, seed);
 * PreparedCases prepared = new PreparedCases(cache, new Preparation(160), cases.table().cases());
 * prepared.prepare(workers, () -> {}, () -> false);
 * CrossValidation validation = new CrossValidation(cases, folds, prepared, settings, out);
 * validation.train(device, 0, 2, listener, () -> false);
 * validation.report().write(out, true);
 * }</pre>
 *
 * <p>What is drawn at random hangs on the seed and a sample's number, never on threads.
 */
package dev.larmor.models.ssl.adapt.classification;
