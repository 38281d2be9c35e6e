/** Does `work`, which takes the processor, while a statement runs in the database. Whatever fails, the statement has ended when this does. */
export async function whileRunning<T, U>(statement: Promise<T>, work: () => U): Promise<[T, U]> {
  try {
    const result = work()
    return [await statement, result]
  } catch (error) {
    await statement
    throw error
  }
}
