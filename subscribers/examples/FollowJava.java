import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;

/** Follows the public topics with Apache's own client. What it knows is in memory: it reads all at each start, and needs no group. */
public class FollowJava {
    static final List<String> TOPICS = List.of("achats.booked.v1", "achats.companies.v1", "achats.invoices.v1", "achats.notified.v1");

    /** The field of a type we look at, and its codes we know: such lists grow, so any other code is "other". */
    record Known(String field, Set<String> codes) {}

    static final Map<String, Known> KNOWN = Map.of(
        "achats.entry.recorded.v1", new Known("type", Set.of("invoice", "credit_note")),
        "achats.invoice.described.v1", new Known("status", Set.of("to_process", "validated", "reversed", "archived")),
        "achats.company.described.v1", new Known("plan", Set.of("essentiel", "premium")),
        "achats.notification.sent.v1", new Known("kind", Set.of("integration_active", "connection_broken")));
    static final Set<String> SEEN = new HashSet<>();
    static final Map<String, Long> VERSIONS = new HashMap<>();
    static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        try (var consumer = new KafkaConsumer<>(settings(), new StringDeserializer(), new ByteArrayDeserializer())) {
            var partitions = TOPICS.stream().flatMap(topic -> consumer.partitionsFor(topic).stream());
            consumer.assign(partitions.map(one -> new TopicPartition(one.topic(), one.partition())).toList());
            consumer.seekToBeginning(consumer.assignment());
            while (true) for (var record : consumer.poll(Duration.ofSeconds(1))) {
                var news = news(record);
                if (news != null) System.out.println(record.topic() + " " + record.key() + " " + news);
            }
        }
    }

    /** What a record changes; null for a repeat, an earlier state and a type we do not know. */
    static String news(ConsumerRecord<String, byte[]> record) throws Exception {
        var name = record.topic() + " " + record.key();
        if (record.value() == null) return VERSIONS.remove(name) == null ? null : "ended";
        var known = KNOWN.get(header(record, "ce_type"));
        if (known == null || !SEEN.add(header(record, "ce_id"))) return null;
        var data = JSON.readTree(record.value()); // we take the fields we name; others may come
        var version = data.path("version").asLong();
        if (data.has("version") && version <= VERSIONS.getOrDefault(name, 0L)) return null;
        if (data.has("version")) VERSIONS.put(name, version);
        var code = data.path(known.field()).asText();
        return known.codes().contains(code) ? code : "other";
    }

    static String header(ConsumerRecord<?, ?> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    static Properties settings() {
        var here = System.getenv();
        var module = "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";";
        var settings = new Properties();
        settings.put("bootstrap.servers", here.get("KAFKA"));
        settings.put("security.protocol", here.getOrDefault("KAFKA_PROTOCOL", "SASL_SSL"));
        settings.put("sasl.mechanism", "SCRAM-SHA-512");
        settings.put("sasl.jaas.config", module.formatted(here.get("KAFKA_USER"), here.get("KAFKA_PASSWORD")));
        return settings;
    }
}
