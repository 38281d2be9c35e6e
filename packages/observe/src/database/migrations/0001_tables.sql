-- Events, traces and the days of agents. What is computed from what stands in README.md of the package.

-- Every distinct event. One partition a week, made ahead; retention drops whole partitions. PostgreSQL wants the partitioned column in the primary key; that
-- an id has one row whatever its time is kept by the one writer, which looks an id up in all partitions before it adds it.
create table swarm_events (
  event_id uuid not null,
  trace_id text not null,
  source text not null,
  event_type text not null,
  timestamp timestamptz not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  -- Came as a dead letter of the swarm (dlq.…).
  is_dead_letter boolean not null default false,
  primary key (event_id, timestamp)
) partition by range (timestamp);

-- The events of a trace in the order of their times.
create index swarm_events_trace on swarm_events (trace_id, timestamp, event_id);

-- One row a trace, computed from `state`, which holds what is kept of its lifecycle events.
create table swarm_traces (
  trace_id text primary key,
  task_title text,
  owner text,
  status text not null,
  assigned_agent text,
  started_at timestamptz,
  completed_at timestamptz,
  duration_ms bigint,
  time_to_pickup_ms bigint,
  span_count int not null,
  error text,
  scoring_breakdown jsonb,
  -- Lifecycle events that did not fit the state that they met.
  out_of_order int not null,
  -- Times of the first and of the last event.
  first_event_at timestamptz not null,
  last_event_at timestamptz not null,
  -- The row of agent_metrics that the trace counts in; null while it counts in none.
  metrics_agent text,
  metrics_date date,
  state jsonb not null
) with (fillfactor = 80);

-- Lists, newest first: all traces, and those of a status, an agent, an owner.
create index swarm_traces_newest on swarm_traces (first_event_at, trace_id);
create index swarm_traces_status on swarm_traces (status, first_event_at, trace_id);
create index swarm_traces_agent on swarm_traces (assigned_agent, first_event_at, trace_id) where assigned_agent is not null;
create index swarm_traces_owner on swarm_traces (owner, first_event_at, trace_id) where owner is not null;

-- The shortest and longest duration of an agent's day, looked up when a late event takes one of them away.
create index swarm_traces_metrics on swarm_traces (metrics_agent, metrics_date, duration_ms) where metrics_agent is not null;

-- One row an agent and UTC day, computed from `state`: sums, and the sketch that p95 is read from.
create table agent_metrics (
  agent_id text not null,
  metric_date date not null,
  tasks_completed int not null,
  tasks_failed int not null,
  tasks_timed_out int not null,
  avg_duration_ms bigint,
  p95_duration_ms bigint,
  min_duration_ms bigint,
  max_duration_ms bigint,
  avg_time_to_pickup_ms bigint,
  uptime_ms bigint not null,
  busy_ms bigint not null,
  utilization_pct numeric,
  state jsonb not null,
  primary key (agent_id, metric_date)
);

-- All agents of a day.
create index agent_metrics_date on agent_metrics (metric_date, agent_id);

-- Up to where each partition of the log is in the tables: the next record to be read. Changes with the rows, in one transaction.
create table observe_position (
  topic_id text not null,
  partition int not null,
  next_offset bigint not null,
  primary key (topic_id, partition)
);
