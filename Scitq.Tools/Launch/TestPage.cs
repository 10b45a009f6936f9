using System.Text.Json;
using Scitq.Contracts;

namespace Scitq.Tools.Launch;

/// <summary>Writes what <c>-t</c> prints. Scripts know its first line, so that does not change.</summary>
internal static class TestPage
{
    public static void Write(TextWriter writer, TaskSpec spec, bool json, bool details)
    {
        spec = Masked.Spec(spec);
        if (json)
        {
            writer.WriteLine(JsonSerializer.Serialize(spec, SpecJson.Default.TaskSpec));
            return;
        }

        writer.WriteLine($"Command that would be sent: {ShellWords.Join(spec.Argv)}");
        if (!details) return;
        Line("batch", spec.Batch);
        Line("name", spec.Name);
        Line("docker", spec.Image);
        Line("option", spec.DockerOptions.Words.Count > 0 ? ShellWords.Join(spec.DockerOptions.Words) : null);
        Line("uid", spec.Uid);
        Line("gid", spec.Gid);
        foreach (var (name, value) in spec.Env) Line("env", $"{name}={value}");
        foreach (var secret in spec.Secrets) Line("secret", secret);
        if (spec.MaskSecrets) Line("masked", "values of secrets in its output");
        foreach (var input in spec.Inputs) Line("input", input);
        foreach (var resource in spec.Resources) Line("resource", resource);
        Line("output", spec.Output);
        if (spec.UseCache) Line("use cache", "yes");
        if (spec.StrictOutput) Line("strict", "fails if output of its command is lost");
        Line("priority", spec.Priority);
        Line("retry", spec.Retry);
        Line("run limit", spec.RunTimeout is { } run ? $"{run} s" : null);
        Line("data limit", spec.DownloadTimeout is { } download ? $"{download} s" : null);
        if (spec.Requirements.Count > 0)
            Line("requires", string.Join(' ', spec.Requirements) + (spec.OnRequirementFailure == RequirementFailure.Cancel ? " (else cancelled)" : ""));
        if (spec.AfterAny.Count > 0) Line("after the end of", string.Join(' ', spec.AfterAny));
        Line("argv", JsonSerializer.Serialize([.. spec.Argv], SpecJson.Default.StringArray));

        void Line(string name, object? value)
        {
            if (value is not null) writer.WriteLine($"  {name,-10} {Display.Clean(value.ToString()!)}");
        }
    }
}
