// franz-go, answering one JSON request a line as clients/adapter.ts sends them.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const patience = 30 * time.Second
const lineBytesMax = 64 << 20

// record is a record as it travels: []byte is base64 in JSON, and nil is null.
type record struct {
	Partition int32    `json:"partition"`
	Offset    int64    `json:"offset"`
	Key       []byte   `json:"key"`
	Value     []byte   `json:"value"`
	Headers   []header `json:"headers"`
	Timestamp int64    `json:"timestamp"`
}

// header travels as a pair.
type header struct {
	name  string
	value []byte
}

func (h header) MarshalJSON() ([]byte, error) { return json.Marshal([2]any{h.name, h.value}) }

func (h *header) UnmarshalJSON(text []byte) error {
	pair := [2]any{&h.name, &h.value}
	return json.Unmarshal(text, &pair)
}

type request struct {
	Do          string   `json:"do"`
	Topic       string   `json:"topic"`
	Group       string   `json:"group"`
	InstanceID  string   `json:"instanceId"`
	Partition   int32    `json:"partition"`
	Partitions  int32    `json:"partitions"`
	Offset      int64    `json:"offset"`
	Timestamp   int64    `json:"timestamp"`
	Member      int      `json:"member"`
	Count       int      `json:"count"`
	WithinMs    int      `json:"withinMs"`
	Compression string   `json:"compression"`
	Idempotent  bool     `json:"idempotent"`
	Records     []record `json:"records"`
}

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

type adapter struct {
	bootstrap string
	client    *kgo.Client
	admin     *kadm.Client
	members   map[int]*member
}

type member struct {
	client   *kgo.Client
	waiting  []*kgo.Record
	taken    []*kgo.Record
	mutex    sync.Mutex
	assigned map[int32]bool
}

func main() {
	a := &adapter{bootstrap: os.Args[1], members: map[int]*member{}}
	a.client = a.connect()
	a.admin = kadm.NewClient(a.client)
	a.admin.SetTimeoutMillis(int32(patience.Milliseconds()))
	answer(map[string]any{"compressions": []string{"none", "gzip", "snappy", "lz4", "zstd"}}, nil)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineBytesMax)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			answer(nil, err)
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		answer(a.handle(ctx, r))
		cancel()
	}
}

func answer(ok any, err error) {
	reply := map[string]any{"ok": ok}
	if err != nil {
		reply = map[string]any{"error": err.Error()}
	}
	text, _ := json.Marshal(reply)
	fmt.Println(string(text))
}

func (a *adapter) connect(options ...kgo.Opt) *kgo.Client {
	common := []kgo.Opt{
		kgo.SeedBrokers(a.bootstrap),
		kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }),
		kgo.MetadataMinAge(50 * time.Millisecond),
	}
	client, err := kgo.NewClient(append(common, options...)...)
	if err != nil {
		panic(err)
	}
	return client
}

func (a *adapter) handle(ctx context.Context, r request) (any, error) {
	switch r.Do {
	case "createTopic":
		_, err := a.admin.CreateTopic(ctx, r.Partitions, 1, nil, r.Topic)
		return nil, err
	case "deleteTopic":
		_, err := a.admin.DeleteTopic(ctx, r.Topic)
		return nil, err
	case "topics":
		listed, err := a.admin.ListTopics(ctx)
		return listed.Names(), err
	case "partitionCount":
		listed, err := a.admin.ListTopics(ctx, r.Topic)
		return len(listed[r.Topic].Partitions), err
	case "groups":
		listed, err := a.admin.ListGroups(ctx)
		return listed.Groups(), err
	case "offsetForTimestamp":
		offsets, err := a.admin.ListOffsetsAfterMilli(ctx, r.Timestamp, r.Topic)
		found, _ := offsets.Lookup(r.Topic, r.Partition)
		return found.Offset, err
	case "produce":
		return nil, a.produce(ctx, r)
	case "readFrom":
		return a.readFrom(r)
	case "join":
		a.members[r.Member] = a.join(r)
		return nil, nil
	}
	return a.handleMember(ctx, r)
}

func (a *adapter) produce(ctx context.Context, r request) error {
	options := []kgo.Opt{
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(codecs[r.Compression]),
		kgo.RequiredAcks(kgo.AllISRAcks()),
	}
	if !r.Idempotent {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	client := a.connect(options...)
	defer client.Close()
	records := make([]*kgo.Record, len(r.Records))
	for at, from := range r.Records {
		to := &kgo.Record{Topic: r.Topic, Partition: from.Partition, Key: from.Key, Value: from.Value}
		to.Timestamp = time.UnixMilli(from.Timestamp)
		for _, h := range from.Headers {
			to.Headers = append(to.Headers, kgo.RecordHeader{Key: h.name, Value: h.value})
		}
		records[at] = to
	}
	return client.ProduceSync(ctx, records...).FirstErr()
}

func (a *adapter) readFrom(r request) ([]record, error) {
	at := map[string]map[int32]kgo.Offset{r.Topic: {r.Partition: kgo.NewOffset().At(r.Offset)}}
	m := &member{client: a.connect(kgo.ConsumePartitions(at), kgo.FetchMaxWait(100*time.Millisecond))}
	defer m.client.Close()
	return m.poll(r.Count, patience)
}

func (a *adapter) join(r request) *member {
	m := &member{assigned: map[int32]bool{}}
	note := func(held bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, changed map[string][]int32) {
			m.mutex.Lock()
			defer m.mutex.Unlock()
			for _, partition := range changed[r.Topic] {
				if held {
					m.assigned[partition] = true
				} else {
					delete(m.assigned, partition)
				}
			}
		}
	}
	options := []kgo.Opt{
		kgo.ConsumerGroup(r.Group),
		kgo.ConsumeTopics(r.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.SessionTimeout(6 * time.Second),
		kgo.HeartbeatInterval(200 * time.Millisecond),
		kgo.FetchMaxWait(100 * time.Millisecond),
		kgo.OnPartitionsAssigned(note(true)),
		kgo.OnPartitionsRevoked(note(false)),
		kgo.OnPartitionsLost(note(false)),
	}
	if r.InstanceID != "" {
		options = append(options, kgo.InstanceID(r.InstanceID))
	}
	m.client = a.connect(options...)
	return m
}

func (a *adapter) handleMember(ctx context.Context, r request) (any, error) {
	m := a.members[r.Member]
	switch r.Do {
	case "poll":
		return m.poll(r.Count, time.Duration(r.WithinMs)*time.Millisecond)
	case "assignment":
		err := m.gather(50 * time.Millisecond)
		return m.partitions(), err
	case "commit":
		return nil, m.client.CommitRecords(ctx, m.taken...)
	case "leave":
		m.client.Close()
		delete(a.members, r.Member)
		return nil, nil
	}
	return nil, fmt.Errorf("no request is called %s", r.Do)
}

func (m *member) gather(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	fetches := m.client.PollFetches(ctx)
	m.waiting = append(m.waiting, fetches.Records()...)
	if err := fetches.Err0(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

func (m *member) poll(count int, within time.Duration) ([]record, error) {
	deadline := time.Now().Add(within)
	for len(m.waiting) < count && time.Now().Before(deadline) {
		if err := m.gather(min(100*time.Millisecond, time.Until(deadline))); err != nil {
			return nil, err
		}
	}
	taken := m.waiting[:min(count, len(m.waiting))]
	m.waiting = m.waiting[len(taken):]
	m.taken = append(m.taken, taken...)
	records := []record{}
	for _, from := range taken {
		to := record{Partition: from.Partition, Offset: from.Offset, Key: from.Key, Value: from.Value, Headers: []header{}}
		to.Timestamp = from.Timestamp.UnixMilli()
		for _, h := range from.Headers {
			to.Headers = append(to.Headers, header{h.Key, h.Value})
		}
		records = append(records, to)
	}
	return records, nil
}

func (m *member) partitions() []int32 {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	partitions := []int32{}
	for partition := range m.assigned {
		partitions = append(partitions, partition)
	}
	sort.Slice(partitions, func(a, b int) bool { return partitions[a] < partitions[b] })
	return partitions
}
