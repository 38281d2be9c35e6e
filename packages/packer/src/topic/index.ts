export type { OpenedTopic, OpenTopic, TopicPlace, TopicRecord, TopicRequest } from './contract.ts'
export { recordBytes, topicSlice } from './topic-slice.ts'
