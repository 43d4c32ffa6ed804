package dev.larmor.models.training;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.NpyFile;
import dev.larmor.models.io.RunTable;
import java.nio.file.Path;

/**
 * The course of a run as two tables, {@code losses.csv} (one row an iteration) and {@code
 * epochs.csv} (one row a round), and the original system's {@code val_loss_log.npy}: {@code float64
 * [rounds, 2]}, epoch and validation loss. They are written with each checkpoint and cut back to it
 * when a run resumes, so a resumed run's tables are an uninterrupted run's.
 */
final class History {
  private final RunTable losses;
  private final RunTable epochs;
  private final Path validationLog;

  History(Path folder) {
    losses = new RunTable(folder.resolve("losses.csv"), "epoch,fold,iteration,loss");
    epochs =
        new RunTable(
            folder.resolve("epochs.csv"), "epoch,fold,train_loss,validation_loss,learning_rate");
    validationLog = folder.resolve("val_loss_log.npy");
  }

  void add(Round round, int iteration, double loss) {
    losses.add("%d,%d,%d,%s".formatted(round.epoch(), round.fold(), iteration, loss));
  }

  void add(Round.Summary summary) {
    epochs.add(
        "%d,%d,%s,%s,%s"
            .formatted(
                summary.round().epoch(),
                summary.round().fold(),
                summary.trainLoss(),
                summary.validationLoss(),
                summary.rate()));
  }

  void save() {
    losses.save();
    epochs.save();
    double[][] log =
        epochs.rows().stream()
            .map(row -> new double[] {whole(epochs.file(), row, 0), number(epochs.file(), row, 3)})
            .toArray(double[][]::new);
    NpyFile.write(validationLog, log, 2);
  }

  /** Cuts the tables of a run back to what came before iteration {@code position} of a round. */
  void rewind(Round round, int position) {
    losses.rewind(row -> {
      int number = round(losses.file(), row, round.folds());
      return number < round.number()
          || (number == round.number() && whole(losses.file(), row, 2) <= position);
    });
    epochs.rewind(row -> round(epochs.file(), row, round.folds()) < round.number());
  }

  private static int round(Path file, String row, int folds) {
    return new Round(whole(file, row, 0), whole(file, row, 1), folds).number();
  }

  private static int whole(Path file, String row, int column) {
    return (int) number(file, row, column);
  }

  private static double number(Path file, String row, int column) {
    String[] fields = row.split(",", -1);
    try {
      return Double.parseDouble(fields[column]);
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new DataException(file + ": not a row of this table: " + row, e);
    }
  }
}
