using Scitq.Agent.Attempts;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes;

/// <summary>The runtimes of this agent, and which of them runs what.</summary>
internal sealed class RuntimeSet(IRuntime native, IRuntime? docker, bool commandsRun = true, string? dockerVersion = null)
{
    /// <summary>Version of the container engine; null where there is none.</summary>
    public string? DockerVersion => dockerVersion;

    /// <summary>Whether anything really runs, and so needs directories and writes its streams.</summary>
    public bool CommandsRun => commandsRun;

    /// <exception cref="StartException">There is no runtime for it here.</exception>
    public IRuntime For(TaskSpec spec) => spec.Image is null || !commandsRun ? native : docker
        ?? throw new StartException(FailureClass.Start, $"the task wants the image '{spec.Image}', but this worker has no container engine");

    /// <summary>What the runtime is asked for.</summary>
    public static RunRequest Request(Attempt attempt, AgentOptions options, int concurrency) => new()
    {
        Key = attempt.Key,
        Number = attempt.Number,
        Worker = options.Name,
        Spec = attempt.Spec,
        Directory = attempt.Directory,
        Cpu = concurrency == 0 ? Environment.ProcessorCount : Math.Max(1, Environment.ProcessorCount / concurrency),
    };
}
