using Scitq.Contracts.Docker;

namespace Scitq.Contracts;

/// <summary>The rules by which a <see cref="TaskSpec"/> is accepted or refused; the tools, the API and the coordinator apply the same ones.</summary>
public static class TaskSpecRules
{
    /// <summary>The largest spec as JSON, in bytes.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>The first defect, as one line that says what, on what and why; null when there is none.</summary>
    public static string? Problem(TaskSpec spec)
    {
        // JSON can say null where the type can't.
        if (spec.Inputs is null || spec.Resources is null || spec.Requirements is null || spec.AfterAny is null || spec.DockerOptions is null
            || spec.Env is null || spec.Secrets is null)
            return "one of inputs, resources, requirements, after_any, docker_options, env and secrets is null: leave it out, or give an empty one.";
        if (spec.Argv is null or { Count: 0 } && spec.Image is null) return "no command: give the words of the command to run.";
        if (spec.Argv?.Any(w => w is null || w.Contains('\0')) == true) return "the command holds a NUL byte, which no program can receive.";
        if (spec.Argv is { Count: > 0 } && spec.Argv[0].Length == 0) return "the command's first word, the program, is empty.";
        if (BatchName.Problem(spec.Batch) is { } batch) return batch;
        if (spec.Name is { } name && (name.Length > 500 || name.Contains('\0'))) return "the name is longer than 500 characters or holds a NUL byte.";
        if (spec.Image is { } image && !ImageName.IsValid(image)) return $"image '{image}' is not an image name like ubuntu:22.04 or host/name@sha256:….";
        if (spec.DockerOptions.Words.Any(w => w is null || w.Contains('\0'))) return "the docker options hold a NUL byte.";
        if (spec.DockerOptions.Words.Count > 0 && spec.Image is null) return "docker options were given without a docker image (-d).";
        if (spec.DockerOptions.Problem is { } option) return option;
        if (spec.Uid < 0 || spec.Gid < 0) return "uid and gid must be 0 or more.";
        if (spec.Retry is < 0 or > 1000) return $"retry {spec.Retry} is not between 0 and 1000.";
        if (TaskPriority.Problem(spec.Priority) is { } priority) return priority;
        if (spec.RunTimeout <= 0) return $"run timeout {spec.RunTimeout} is not a positive number of seconds (leave it out for none).";
        if (spec.DownloadTimeout <= 0) return $"download timeout {spec.DownloadTimeout} is not a positive number of seconds (leave it out for none).";

        // The first defect wins, in the order inputs, resources, output.
        if (spec.Inputs.Select(uri => Defect("input", uri)).FirstOrDefault(d => d is not null) is { } input) return input;
        if (spec.Resources.Select(uri => Defect("resource", uri)).FirstOrDefault(d => d is not null) is { } resource) return resource;
        if (spec.Output is { } output)
        {
            if (Defect("output", output) is { } problem) return problem;
            if (output.Action is not null) return $"output '{Masked.Text(output.Text)}' carries an action, which only inputs and resources may.";
            if (!output.CanReceive) return $"output '{Masked.Text(output.Text)}' is of a scheme that can't be written to (s3, azure, file, ftp, ftps and "
                + "ftpes can).";
        }

        foreach (var (key, value) in spec.Env)
        {
            if (!IsVariable(key)) return $"environment variable '{key}' is not letters, digits and '_', with no digit first.";
            if (value is null || value.Contains('\0')) return $"environment variable '{key}' has no value, or one with a NUL byte.";
        }

        if (SecretName.Problem(spec) is { } secret) return secret;
        foreach (var id in spec.Requirements.Concat(spec.AfterAny))
            if (!TaskId.TryParse(id, out _)) return $"requirement '{id}' is neither a task number nor a task GUID.";
        return null;
    }

    // JSON can hold a null among them.
    private static string? Defect(string kind, DataUri? uri) =>
        uri is null ? $"one {kind} is null." : uri.Problem is { } problem ? $"{kind} '{Masked.Text(uri.Text)}' {problem}" : null;

    /// <summary>Whether a shell can name the variable. It drops any other on its way to the command.</summary>
    internal static bool IsVariable(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
