package dev.larmor.models.training;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The course of a run as two tables, {@code losses.csv} (one row an iteration) and {@code
 * epochs.csv}. They are written with each checkpoint and cut back to it when a run resumes, so a
 * resumed run's tables are an uninterrupted run's.
 */
final class History {
  private static final String LOSSES = "epoch,iteration,loss";
  private static final String EPOCHS = "epoch,train_loss,validation_loss,learning_rate";

  private final Path losses;
  private final Path epochs;
  private final List<String> lossRows = new ArrayList<>();
  private final List<String> epochRows = new ArrayList<>();

  History(Path folder) {
    losses = folder.resolve("losses.csv");
    epochs = folder.resolve("epochs.csv");
  }

  void add(int epoch, int iteration, double loss) {
    lossRows.add(epoch + "," + iteration + "," + loss);
  }

  void add(Trainer.Epoch summary) {
    epochRows.add(
        "%d,%s,%s,%s"
            .formatted(
                summary.epoch(), summary.trainLoss(), summary.validationLoss(), summary.rate()));
  }

  void save() {
    write(losses, LOSSES, lossRows);
    write(epochs, EPOCHS, epochRows);
  }

  private static void write(Path file, String header, List<String> rows) {
    String text = header + "\n" + String.join("\n", rows) + (rows.isEmpty() ? "" : "\n");
    AtomicFile.write(file, text);
  }

  /**
   * Reads the tables of a run and keeps what came before iteration {@code position} of {@code
   * epoch}.
   */
  void rewind(int epoch, int position) {
    lossRows.clear();
    epochRows.clear();
    for (String row : rows(losses)) {
      int e = field(losses, row, 0);
      if (e < epoch || (e == epoch && field(losses, row, 1) <= position)) {
        lossRows.add(row);
      }
    }
    for (String row : rows(epochs)) {
      if (field(epochs, row, 0) < epoch) {
        epochRows.add(row);
      }
    }
  }

  private static List<String> rows(Path file) {
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      List<String> lines = Files.readAllLines(file);
      return lines.subList(Math.min(1, lines.size()), lines.size());
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static int field(Path file, String row, int column) {
    String[] fields = row.split(",", -1);
    try {
      return Integer.parseInt(fields[column]);
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new DataException(file + ": not a row of this table: " + row, e);
    }
  }
}
