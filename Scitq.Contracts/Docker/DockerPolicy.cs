namespace Scitq.Contracts.Docker;

/// <summary>The options of docker that submitters may use on a worker whose owner does not trust all of them.</summary>
public static class DockerPolicy
{
    // None of these reaches the host's files, devices, networks or processes.
    private static readonly string[] Harmless =
    [
        "--gpus", "--shm-size", "--memory", "--cpus", "--ulimit", "--env", "--workdir", "--entrypoint",
        "--platform", "--init", "--hostname", "--tmpfs", "--user",
    ];

    /// <summary>Why the options are not for a worker with <c>Agent:DockerOptions=restricted</c>, as one line; null when they are.</summary>
    public static string? RestrictedProblem(DockerRunOptions options)
    {
        var refused = options.Given.Except(Harmless, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return refused.Count == 0
            ? null
            : $"docker option {string.Join(", ", refused)} is not allowed on this worker (it allows {string.Join(' ', Harmless)}).";
    }
}
