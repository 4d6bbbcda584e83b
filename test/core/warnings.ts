/** What is printed as a warning while `work` runs. */
export async function warnings(work: () => unknown): Promise<string[]> {
  const printed: string[] = []
  const { warn } = console
  console.warn = (text: string) => printed.push(text)
  try {
    await work()
  } finally {
    console.warn = warn
  }
  return printed
}
