package flowdrop;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The wallet job on Kafka Streams: parse, check, new balance, result; the state has a changelog.
 *
 * <p>Arguments: bootstrap servers, source topic, results topic, application id, state folder, then
 * {@code memory|rocksdb}, {@code at_least_once|exactly_once_v2}, {@code cached|uncached}.
 */
public final class Wallet {
  private static final String STORE = "balances";

  private Wallet() {}

  public static void main(String[] args) {
    KafkaStreams streams =
        new KafkaStreams(
            topology(args[1], args[2], args[5].equals("rocksdb"), args[7].equals("cached")),
            settings(args[0], args[3], args[4], args[6]));
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }

  private static Topology topology(String source, String results, boolean onDisk, boolean cached) {
    KeyValueBytesStoreSupplier supplier =
        onDisk ? Stores.persistentKeyValueStore(STORE) : Stores.inMemoryKeyValueStore(STORE);
    StoreBuilder<KeyValueStore<String, Long>> store =
        Stores.keyValueStoreBuilder(supplier, Serdes.String(), Serdes.Long());
    return new Topology()
        .addSource("events", new StringDeserializer(), new ByteArrayDeserializer(), source)
        .addProcessor("wallet", Fold::new, "events")
        .addStateStore(cached ? store.withCachingEnabled() : store.withCachingDisabled(), "wallet")
        .addSink("results", results, new StringSerializer(), new ByteArraySerializer(), "wallet");
  }

  private static Properties settings(String kafka, String id, String folder, String guarantee) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, kafka);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, id);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 262_144);
    return settings;
  }

  /** What the job needs of an event. */
  private record Event(String id, boolean earns, long amount) {}

  private static final class Fold implements Processor<String, byte[], String, byte[]> {
    private static final JsonFactory JSON = new JsonFactory();
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, Long> balances;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      this.context = context;
      this.balances = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
      Event event = parse(record.value());
      Long known = balances.get(record.key());
      long balance = known == null ? 0 : known;
      boolean applied = event.amount > 0 && (event.earns || event.amount <= balance);
      if (applied) {
        balance += event.earns ? event.amount : -event.amount;
        balances.put(record.key(), balance);
      }
      String result =
          "{\"id\":\"" + event.id + "\",\"account\":\"" + record.key() + "\",\"outcome\":\""
              + (applied ? "applied" : "refused") + "\",\"balance\":" + balance + "}";
      context.forward(record.withValue(result.getBytes(StandardCharsets.UTF_8)));
    }

    private static Event parse(byte[] value) {
      String id = "";
      boolean earns = false;
      long amount = 0;
      try (JsonParser parser = JSON.createParser(value)) {
        while (parser.nextToken() != null) {
          if (parser.currentToken() != JsonToken.FIELD_NAME) {
            continue;
          }
          String name = parser.currentName();
          JsonToken token = parser.nextToken();
          switch (name) {
            case "id" -> id = parser.getText();
            case "type" -> earns = parser.getText().equals("flowdrop.wallet.earn");
            case "amount" -> amount = parser.getLongValue();
            default -> {
              if (token == JsonToken.START_ARRAY) {
                parser.skipChildren();
              }
            }
          }
        }
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
      return new Event(id, earns, amount);
    }
  }
}
