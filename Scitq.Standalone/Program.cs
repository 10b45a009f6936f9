using Scitq.Agent;
using Scitq.Contracts;
using Scitq.Coordinator;
using Scitq.Messaging.Hosting;

// Coordinator, one agent, a bus in memory and SQLite: all of Scitq in one process, with nothing to install.
const string Program = "scitq-standalone";
ServiceOption[] own =
[
    new("concurrency", "N", "how many tasks run at once (default: one a processor)"),
    new("prefetch", "N", "how many more are staged ahead (default 2)"),
    new("batch", "NAME", "the batch it serves (default: Default)"),
    new("name", "NAME", "the worker's name (default: the host's name)"),
];
const string Purpose = "Scitq in one process: queues tasks, runs them on this machine, keeps everything in one directory.";
if (ServiceArguments.Read(Program, Purpose, [.. CoordinatorHost.Options, .. own], args, out var exitCode) is not { } read) return exitCode;
if (CoordinatorHost.ToOptions(Program, read, ref exitCode) is not { } options) return exitCode;

AgentOptions agent;
try
{
    agent = new AgentOptions
    {
        Name = read["name"] ?? Environment.MachineName,
        Batch = read["batch"] ?? BatchName.Default,
        Concurrency = read.Number("concurrency", Environment.ProcessorCount, 0, 10_000),
        Prefetch = read.Number("prefetch", 2, 0, 10_000),
        WorkDir = Path.Combine(options.Data, "work"),
    };
    if (agent.Problem() is { } problem) throw new ArgumentException(problem);
}
catch (ArgumentException e)
{
    await Console.Error.WriteLineAsync($"{Program}: {e.Message}");
    return 2;
}

try
{
    return await CoordinatorHost.RunAsync(CoordinatorHost.Build(options, read, builder => builder.AddAgentInProcess(agent)), Program);
}
catch (AgentRefusedException e)
{
    await Console.Error.WriteLineAsync($"{Program}: {e.Message}");
    return AgentRefusedException.ExitCode;
}
