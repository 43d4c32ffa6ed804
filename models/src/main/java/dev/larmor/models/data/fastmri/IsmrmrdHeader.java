package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.DataException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * What a scan's ISMRMRD header tells, as far as it does (Inati et al., "ISMRM Raw data format",
 * 2017): fastMRI's files carry this XML text as data set {@code ismrmrd_header}. Of several
 * encodings the first counts.
 *
 * <p>Document types are refused, so no header can read other files or grow by its entities.
 *
 * @param encoded the space that was sampled
 * @param recon the space that images are made of
 * @param acceleration of the scan itself along its phase-encode axis, 1 for none
 * @param vendor of the scanner
 * @param model of the scanner
 * @param fieldStrength in tesla
 * @param receiverChannels number of receive coils
 */
public record IsmrmrdHeader(
    Optional<Space> encoded,
    Optional<Space> recon,
    OptionalDouble acceleration,
    Optional<String> vendor,
    Optional<String> model,
    OptionalDouble fieldStrength,
    OptionalInt receiverChannels) {
  /**
   * A grid in space: x is the frequency-encode axis, y the phase-encode axis, z the slice's.
   *
   * @param x points
   * @param y points
   * @param z points
   * @param fieldOfViewX in mm, 0 where it is not told
   * @param fieldOfViewY likewise
   * @param fieldOfViewZ likewise
   */
  public record Space(
      int x, int y, int z, double fieldOfViewX, double fieldOfViewY, double fieldOfViewZ) {}

  private static final String NAMESPACE = "http://www.ismrm.org/ISMRMRD";
  private static final String ROOT = "/ismrmrdHeader";
  private static final String SYSTEM = ROOT + "/acquisitionSystemInformation/";
  private static final String ENCODING = ROOT + "/encoding/";

  /** Deeper elements than any header has; each costs the path of its parents. */
  private static final int MAX_DEPTH = 32;

  private static final int MAX_BYTES = 4 << 20;

  /**
   * Reads a header.
   *
   * @param xml the text in UTF-8
   * @param where the file and data set, for messages
   * @throws DataException if it is no well-formed XML, no ISMRMRD header, has a document type, or
   *     one of the values read is no number
   */
  static IsmrmrdHeader parse(byte[] xml, String where) {
    if (xml.length > MAX_BYTES) {
      throw new DataException(where + " has " + xml.length + " bytes, expected a header");
    }
    Values values = new Values(where);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(xml)).toString();
      XMLStreamReader reader = factory().createXMLStreamReader(new StringReader(text));
      values.read(reader);
      reader.close();
    } catch (CharacterCodingException e) {
      throw new DataException(where + " is no well-formed XML: it is not UTF-8", e);
    } catch (XMLStreamException e) {
      throw new DataException(where + " is no well-formed XML: " + firstLine(e), e);
    } catch (DataException e) {
      throw e;
    } catch (RuntimeException e) { // the JDK's reader has been seen to fail so on odd input
      throw new DataException(where + " is no well-formed XML", e);
    }
    return new IsmrmrdHeader(
        values.space("encodedSpace"),
        values.space("reconSpace"),
        values.number(ENCODING + "parallelImaging/accelerationFactor/kspace_encoding_step_1"),
        values.text(SYSTEM + "systemVendor"),
        values.text(SYSTEM + "systemModel"),
        values.number(SYSTEM + "systemFieldStrength_T"),
        values.count(SYSTEM + "receiverChannels"));
  }

  private static XMLInputFactory factory() {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    return factory;
  }

  private static String firstLine(XMLStreamException e) {
    String place =
        e.getLocation() == null
            ? ""
            : " (line %d, column %d)"
                .formatted(e.getLocation().getLineNumber(), e.getLocation().getColumnNumber());
    String message = String.valueOf(e.getMessage());
    String last = message.substring(message.lastIndexOf('\n') + 1);
    return shown(last.replaceFirst("^Message: ", "")) + place;
  }

  /** Text of the file in a message: the beginning of it, on one line. */
  private static String shown(String text) {
    return text.substring(0, Math.min(text.length(), 200)).replaceAll("\\p{C}", "?");
  }

  /** The texts of all elements without children, by path; of several of a path, the first. */
  private static final class Values {
    private final String where;
    private final Map<String, String> texts = new HashMap<>();

    Values(String where) {
      this.where = where;
    }

    void read(XMLStreamReader reader) throws XMLStreamException {
      Deque<String> open = new ArrayDeque<>();
      StringBuilder text = new StringBuilder();
      while (reader.hasNext()) {
        switch (reader.next()) {
          case XMLStreamConstants.DTD -> throw bad("has a document type");
          case XMLStreamConstants.START_ELEMENT -> {
            String parent = open.isEmpty() ? "" : open.getLast();
            String path = parent + "/" + reader.getLocalName();
            if (open.isEmpty()
                && !(path.equals(ROOT) && NAMESPACE.equals(reader.getNamespaceURI()))) {
              throw bad("is no ismrmrdHeader of " + NAMESPACE);
            }
            if (open.size() == MAX_DEPTH) {
              throw bad("has elements more than " + MAX_DEPTH + " deep");
            }
            open.addLast(path);
            text.setLength(0);
          }
          case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA ->
              text.append(reader.getText());
          case XMLStreamConstants.END_ELEMENT -> {
            texts.putIfAbsent(open.removeLast(), text.toString().strip());
            text.setLength(0);
          }
          default -> {
            // Comments, processing instructions.
          }
        }
      }
    }

    Optional<String> text(String path) {
      return Optional.ofNullable(texts.get(path)).filter(text -> !text.isEmpty());
    }

    OptionalDouble number(String path) {
      String text = texts.get(path);
      if (text == null) {
        return OptionalDouble.empty();
      }
      try {
        return OptionalDouble.of(Double.parseDouble(text));
      } catch (NumberFormatException e) {
        throw bad("has '" + shown(text) + "' as " + path + ", expected a number");
      }
    }

    OptionalInt count(String path) {
      OptionalDouble number = number(path);
      if (number.isEmpty()) {
        return OptionalInt.empty();
      }
      double value = number.getAsDouble();
      if (!(value >= 0 && value <= Integer.MAX_VALUE && value == Math.rint(value))) {
        throw bad("has '" + shown(texts.get(path)) + "' as " + path + ", expected a count");
      }
      return OptionalInt.of((int) value);
    }

    Optional<Space> space(String name) {
      String matrix = ENCODING + name + "/matrixSize/";
      OptionalInt x = count(matrix + "x");
      OptionalInt y = count(matrix + "y");
      OptionalInt z = count(matrix + "z");
      if (x.isEmpty() || y.isEmpty()) {
        return Optional.empty();
      }
      String view = ENCODING + name + "/fieldOfView_mm/";
      return Optional.of(
          new Space(
              x.getAsInt(),
              y.getAsInt(),
              z.orElse(1),
              number(view + "x").orElse(0),
              number(view + "y").orElse(0),
              number(view + "z").orElse(0)));
    }

    private DataException bad(String what) {
      return new DataException(where + " " + what);
    }
  }
}
