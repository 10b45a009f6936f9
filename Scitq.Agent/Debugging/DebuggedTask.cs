using System.Text.Json;
using Scitq.Contracts;

namespace Scitq.Agent.Debugging;

/// <summary>A task to be debugged, from what the REST API says of it.</summary>
internal sealed record DebuggedTask(long Number, Guid Id, TaskSpec Spec)
{
    /// <exception cref="ArgumentException">The file holds no task that can be run.</exception>
    public static DebuggedTask Read(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            var spec = json.RootElement.Deserialize<TaskSpec>(ScitqJson.Rest)!;
            if (TaskSpecRules.Problem(spec) is { } problem) throw new ArgumentException($"The task in '{file}' can't be run: {problem}");
            return new DebuggedTask(json.RootElement.GetProperty("task_id").GetInt64(), json.RootElement.GetProperty("id").GetGuid(), spec);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ArgumentException($"The file '{file}' is not a task as the REST API gives it: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"The file '{file}' can't be read: {e.Message}", e);
        }
    }
}
