using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Attempts;

/// <summary>Says of an attempt what a runtime is asked for.</summary>
internal static class RunRequests
{
    public static RunRequest Of(Attempt attempt, AgentOptions options, int concurrency, IReadOnlyDictionary<string, string>? secrets = null) => new()
    {
        Key = attempt.Key,
        Number = attempt.Number,
        Worker = options.Name,
        Spec = secrets is null or { Count: 0 } ? attempt.Spec : attempt.Spec with { Env = attempt.Spec.Env.Concat(secrets).ToDictionary() },
        Directory = attempt.Directory,
        Cpu = concurrency == 0 ? Environment.ProcessorCount : Math.Max(1, Environment.ProcessorCount / concurrency),
    };
}
