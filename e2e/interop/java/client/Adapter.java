import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Apache Kafka's own client, answering one JSON request a line as clients/adapter.ts sends them. */
public final class Adapter {
  private static final long patienceMs = 30_000;
  private static final ObjectMapper json = new ObjectMapper();

  private final String bootstrap;
  private final Admin admin;
  private final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
  private final Map<Integer, Member> members = new HashMap<>();

  private static final class Member {
    KafkaConsumer<byte[], byte[]> consumer;
    final ArrayDeque<ConsumerRecord<byte[], byte[]>> waiting = new ArrayDeque<>();
    final Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();

    void gather(Duration within) {
      consumer.poll(within).forEach(waiting::add);
    }
  }

  private Adapter(String bootstrap) {
    this.bootstrap = bootstrap;
    this.admin = Admin.create(settings());
  }

  public static void main(String[] args) throws Exception {
    var adapter = new Adapter(args[0]);
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var codecs = json.createObjectNode();
    for (var codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) codecs.withArray("compressions").add(codec);
    answer("ok", codecs);
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      try {
        answer("ok", adapter.handle(json.readTree(line)));
      } catch (Exception error) {
        answer("error", json.getNodeFactory().textNode(String.valueOf(error)));
      }
    }
    System.exit(0);
  }

  private static void answer(String name, JsonNode value) {
    System.out.println(json.createObjectNode().set(name, value).toString());
  }

  private Map<String, Object> settings() {
    var settings = new HashMap<String, Object>();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("reconnect.backoff.ms", 50);
    settings.put("reconnect.backoff.max.ms", 200);
    return settings;
  }

  private JsonNode handle(JsonNode request) throws Exception {
    var topic = request.path("topic").asText();
    switch (request.get("do").asText()) {
      case "createTopic":
        admin.createTopics(List.of(new NewTopic(topic, request.get("partitions").asInt(), (short) 1))).all().get();
        return null;
      case "deleteTopic":
        admin.deleteTopics(List.of(topic)).all().get();
        return null;
      case "topics":
        return json.valueToTree(admin.listTopics().names().get());
      case "partitionCount":
        var described = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
        return json.valueToTree(described.partitions().size());
      case "groups":
        return json.valueToTree(admin.listGroups().all().get().stream().map(group -> group.groupId()).toList());
      case "offsetForTimestamp":
        var place = new TopicPartition(topic, request.get("partition").asInt());
        var spec = OffsetSpec.forTimestamp(request.get("timestamp").asLong());
        return json.valueToTree(admin.listOffsets(Map.of(place, spec)).partitionResult(place).get().offset());
      case "produce":
        produce(topic, request);
        return null;
      case "readFrom":
        return readFrom(topic, request);
      case "join":
        join(topic, request);
        return null;
      default:
        return handleMember(request, members.get(request.get("member").asInt()));
    }
  }

  private void produce(String topic, JsonNode request) throws Exception {
    var compression = request.get("compression").asText();
    var idempotent = request.get("idempotent").asBoolean();
    var producer = producers.computeIfAbsent(compression + idempotent, key -> producer(compression, idempotent));
    var sent = new ArrayList<Future<RecordMetadata>>();
    for (var line : request.get("records")) {
      var headers = new RecordHeaders();
      for (var pair : line.get("headers")) headers.add(pair.get(0).asText(), pair.get(1).binaryValue());
      var partition = line.get("partition").asInt();
      var timestamp = line.get("timestamp").asLong();
      sent.add(
          producer.send(
              new ProducerRecord<>(topic, partition, timestamp, bytes(line.get("key")), bytes(line.get("value")), headers)));
    }
    producer.flush();
    for (var future : sent) future.get();
  }

  private KafkaProducer<byte[], byte[]> producer(String compression, boolean idempotent) {
    var settings = settings();
    settings.put("compression.type", compression);
    settings.put("enable.idempotence", idempotent);
    settings.put("acks", "all");
    return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private JsonNode readFrom(String topic, JsonNode request) {
    var member = new Member();
    member.consumer = consumer("seek", "");
    var place = new TopicPartition(topic, request.get("partition").asInt());
    member.consumer.assign(List.of(place));
    member.consumer.seek(place, request.get("offset").asLong());
    var records = poll(member, request.get("count").asInt(), patienceMs);
    member.consumer.close();
    return records;
  }

  private void join(String topic, JsonNode request) {
    var member = new Member();
    member.consumer = consumer(request.get("group").asText(), request.get("instanceId").asText());
    member.consumer.subscribe(List.of(topic));
    members.put(request.get("member").asInt(), member);
  }

  private KafkaConsumer<byte[], byte[]> consumer(String group, String instanceId) {
    var settings = settings();
    settings.put("group.id", group);
    if (!instanceId.isEmpty()) settings.put("group.instance.id", instanceId);
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", false);
    settings.put("session.timeout.ms", 6000);
    settings.put("heartbeat.interval.ms", 200);
    settings.put("fetch.max.wait.ms", 100);
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private JsonNode handleMember(JsonNode request, Member member) throws Exception {
    switch (request.get("do").asText()) {
      case "poll":
        return poll(member, request.get("count").asInt(), request.get("withinMs").asLong());
      case "assignment":
        member.gather(Duration.ofMillis(50));
        Set<TopicPartition> assigned = member.consumer.assignment();
        return json.valueToTree(assigned.stream().map(TopicPartition::partition).sorted().toList());
      case "commit":
        member.consumer.commitSync(member.positions);
        return null;
      case "leave":
        member.consumer.close();
        members.remove(request.get("member").asInt());
        return null;
      default:
        throw new IllegalArgumentException(request.get("do").asText());
    }
  }

  private static ArrayNode poll(Member member, int count, long withinMs) {
    var deadline = System.nanoTime() + withinMs * 1_000_000;
    while (member.waiting.size() < count && System.nanoTime() < deadline) member.gather(Duration.ofMillis(50));
    var records = json.createArrayNode();
    while (records.size() < count && !member.waiting.isEmpty()) {
      var record = member.waiting.remove();
      var place = new TopicPartition(record.topic(), record.partition());
      member.positions.put(place, new OffsetAndMetadata(record.offset() + 1));
      records.add(line(record));
    }
    return records;
  }

  private static ObjectNode line(ConsumerRecord<byte[], byte[]> record) {
    var line = json.createObjectNode();
    line.put("partition", record.partition()).put("offset", record.offset()).put("timestamp", record.timestamp());
    line.put("key", record.key()).put("value", record.value());
    var headers = line.putArray("headers");
    record.headers().forEach(header -> headers.addArray().add(header.key()).add(header.value()));
    return line;
  }

  private static byte[] bytes(JsonNode text) throws Exception {
    return text.isNull() ? null : text.binaryValue();
  }
}
