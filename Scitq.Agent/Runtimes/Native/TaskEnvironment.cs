using System.Globalization;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>The environment of a command, built from nothing: the agent's own holds secrets.</summary>
internal static class TaskEnvironment
{
    public const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Marks every process of an attempt.</summary>
    public const string LeaseName = "SCITQ_LEASE";

    public static string Lease(RunRequest request) => request.Key.Lease.ToString();

    public static Dictionary<string, string> Of(RunRequest request, string home)
    {
        var directory = request.Directory;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = DefaultPath,
            ["HOME"] = home,
            ["LANG"] = "C.UTF-8",
            ["PWD"] = directory.Temp,
            ["TMPDIR"] = directory.Temp,
            ["INPUT"] = directory.Input,
            ["OUTPUT"] = directory.Output,
            ["RESOURCE"] = directory.Resource,
            ["TEMP"] = directory.Temp,
            ["CPU"] = request.Cpu.ToString(CultureInfo.InvariantCulture),
            ["SCITQ_TASK_ID"] = request.Number.ToString(CultureInfo.InvariantCulture),
            ["SCITQ_TASK"] = request.Key.TaskId.ToString(),
            ["SCITQ_ATTEMPT"] = request.Key.Attempt.ToString(CultureInfo.InvariantCulture),
            ["SCITQ_BATCH"] = request.Spec.Batch,
            ["SCITQ_WORKER"] = request.Worker,
        };
        foreach (var (name, value) in request.Spec.Env)
        {
            if (!IsShellName(name))
                throw new StartException(FailureClass.Start,
                    $"environment variable '{name}' can't be given to a native command: its name is not letters, digits and '_' (it would do in a container).");
            environment[name] = value;
        }
        environment[LeaseName] = Lease(request);
        return environment;
    }

    // Shells drop other names.
    private static bool IsShellName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
