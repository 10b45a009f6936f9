namespace Scitq.Contracts;

/// <summary>
/// Members of a <see cref="TaskSpec"/> that a worker must not overlook, and an agent older than they are would. An agent names those it
/// knows with each claim, and is granted no task that wants others.
/// </summary>
public static class Abilities
{
    private const string Secrets = "secrets";
    private const string MaskSecrets = "mask-secrets";

    /// <summary>The abilities of this version.</summary>
    public static IReadOnlyList<string> All { get; } = [Secrets, MaskSecrets];

    /// <summary>An ability that the task needs and an agent with only these lacks; null when there is none.</summary>
    public static string? Missing(TaskSpec spec, IReadOnlyList<string> known) =>
        spec.Secrets.Count > 0 && !known.Contains(Secrets) ? Secrets
        : spec.MaskSecrets && !known.Contains(MaskSecrets) ? MaskSecrets
        : null;
}
