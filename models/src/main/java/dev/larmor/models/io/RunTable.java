package dev.larmor.models.io;

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
import java.util.function.Predicate;

/**
 * A table of numbers that grows with a run, as CSV. Rows are appended and forgotten, so that
 * neither memory nor the time of saving grows with the run; a run that goes on from a checkpoint
 * first cuts the table back to it.
 */
public final class RunTable {
  private final Path file;
  private final List<String> pending = new ArrayList<>(); // rows not in the file yet
  private String header;
  private boolean begun; // the file is this run's

  /** A table with no rows; the file is made when it is first saved. */
  public RunTable(Path file, String header) {
    this.file = file;
    this.header = header;
  }

  /** Its file. */
  public Path file() {
    return file;
  }

  /** The names of the columns, to be changed before the first row is saved only. */
  public void header(String columns) {
    header = columns;
  }

  /** Adds a row to what is to be saved. */
  public void add(String row) {
    pending.add(row);
  }

  /** Saves what was added. */
  public void save() {
    StringBuilder text = new StringBuilder(begun ? "" : header + "\n");
    pending.forEach(row -> text.append(row).append('\n'));
    if (begun) {
      append(text.toString());
    } else {
      AtomicFile.write(file, text.toString());
      begun = true;
    }
    pending.clear();
  }

  private void append(String text) {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.APPEND)) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(false);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  /**
   * The rows that are saved.
   *
   * @throws UncheckedIOException if the file cannot be read
   */
  public List<String> rows() {
    List<String> lines = lines();
    return lines.isEmpty() ? lines : lines.subList(1, lines.size());
  }

  /** The whole lines: a process that died may have left half of one at the end. */
  private List<String> lines() {
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      String text = Files.readString(file);
      return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Takes over the file's rows that are to be kept, and its columns. */
  public void rewind(Predicate<String> kept) {
    begun = false;
    pending.clear();
    List<String> lines = lines();
    if (!lines.isEmpty()) {
      header = lines.getFirst();
      rows().stream().filter(kept).forEach(pending::add);
    }
  }
}
