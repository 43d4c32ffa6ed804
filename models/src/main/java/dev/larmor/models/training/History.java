package dev.larmor.models.training;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.io.NpyFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The course of a run as two tables, {@code losses.csv} (one row an iteration) and {@code
 * epochs.csv} (one row a round), and the original system's {@code val_loss_log.npy}: {@code float64
 * [rounds, 2]}, epoch and validation loss. They are written with each checkpoint and cut back to it
 * when a run resumes, so a resumed run's tables are an uninterrupted run's.
 *
 * <p>Rows of {@code losses.csv} are appended and forgotten, so that neither memory nor the time of
 * a checkpoint grows with the run.
 */
final class History {
  private static final String LOSSES = "epoch,fold,iteration,loss";
  private static final String EPOCHS = "epoch,fold,train_loss,validation_loss,learning_rate";

  private final Path losses;
  private final Path epochs;
  private final Path validationLog;
  private final List<String> lossRows = new ArrayList<>(); // not in the file yet
  private boolean begun; // the file is this run's
  private final List<String> epochRows = new ArrayList<>();

  History(Path folder) {
    losses = folder.resolve("losses.csv");
    epochs = folder.resolve("epochs.csv");
    validationLog = folder.resolve("val_loss_log.npy");
  }

  void add(Round round, int iteration, double loss) {
    lossRows.add("%d,%d,%d,%s".formatted(round.epoch(), round.fold(), iteration, loss));
  }

  void add(Round.Summary summary) {
    epochRows.add(
        "%d,%d,%s,%s,%s"
            .formatted(
                summary.round().epoch(),
                summary.round().fold(),
                summary.trainLoss(),
                summary.validationLoss(),
                summary.rate()));
  }

  void save() {
    if (begun) {
      append(losses, lossRows);
    } else {
      write(losses, LOSSES, lossRows);
      begun = true;
    }
    lossRows.clear();
    write(epochs, EPOCHS, epochRows);
    double[][] log = new double[epochRows.size()][];
    for (int i = 0; i < log.length; i++) {
      String row = epochRows.get(i);
      log[i] = new double[] {whole(epochs, row, 0), number(epochs, row, 3)};
    }
    NpyFile.write(validationLog, log, 2);
  }

  private static void append(Path file, List<String> rows) {
    ByteBuffer text =
        StandardCharsets.UTF_8.encode(rows.isEmpty() ? "" : String.join("\n", rows) + "\n");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.APPEND)) {
      while (text.hasRemaining()) {
        channel.write(text);
      }
      channel.force(false);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  private static void write(Path file, String header, List<String> rows) {
    String text = header + "\n" + String.join("\n", rows) + (rows.isEmpty() ? "" : "\n");
    AtomicFile.write(file, text);
  }

  /** Reads the tables of a run and keeps what came before iteration {@code position} of a round. */
  void rewind(Round round, int position) {
    begun = false;
    lossRows.clear();
    epochRows.clear();
    for (String row : rows(losses)) {
      int number = round(losses, row, round.folds());
      if (number < round.number()
          || (number == round.number() && whole(losses, row, 2) <= position)) {
        lossRows.add(row);
      }
    }
    for (String row : rows(epochs)) {
      if (round(epochs, row, round.folds()) < round.number()) {
        epochRows.add(row);
      }
    }
  }

  private static int round(Path file, String row, int folds) {
    return new Round(whole(file, row, 0), whole(file, row, 1), folds).number();
  }

  /** The whole rows of a table: a process that died may have left half a line at the end. */
  private static List<String> rows(Path file) {
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      String text = Files.readString(file);
      return text.substring(0, text.lastIndexOf('\n') + 1).lines().skip(1).toList();
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
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
