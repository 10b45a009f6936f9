namespace Scitq.Contracts;

/// <summary>
/// What a worker must not overlook, and an agent older than that would: members of a <see cref="TaskSpec"/>, which an agent is granted no task with
/// that does not know them, and requests about running tasks, which only an agent that knows them is asked. An agent names those it knows with each
/// claim and when it registers.
/// </summary>
public static class Abilities
{
    /// <summary>To let a command that runs stand still, and go on.</summary>
    public const string Pause = "pause";

    /// <summary>To end an attempt at once, without TERM and grace.</summary>
    public const string Kill = "kill";

    /// <summary>To send a signal to a command that runs.</summary>
    public const string Signal = "signal";

    /// <summary>Of a worker: to end what it has and take nothing new, until its user wants it to.</summary>
    public const string Drain = "drain";

    /// <summary>Of a worker: to end its process once it has drained; not known to the agent of a program that does more than that.</summary>
    public const string Leave = "leave";

    /// <summary>Of a worker: to execute its agent's program anew; not known to the agent of a program that does more than that.</summary>
    public const string Restart = "restart";

    private const string Secrets = "secrets";
    private const string MaskSecrets = "mask-secrets";

    /// <summary>The abilities of this version that have to do with tasks.</summary>
    public static IReadOnlyList<string> All { get; } = [Secrets, MaskSecrets, Pause, Kill, Signal];

    /// <summary>An ability that the task needs and an agent with only these lacks; null when there is none.</summary>
    public static string? Missing(TaskSpec spec, IReadOnlyList<string> known) =>
        spec.Secrets.Count > 0 && !known.Contains(Secrets) ? Secrets
        : spec.MaskSecrets && !known.Contains(MaskSecrets) ? MaskSecrets
        : null;
}
