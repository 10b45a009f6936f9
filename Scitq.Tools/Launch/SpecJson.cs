using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Tools.Launch;

/// <summary>Tasks as the REST API takes them; by generated code, because reflection would be half the time of a launch.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true, GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(TaskSpec))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class SpecJson : JsonSerializerContext
{
    /// <summary>The members of the spec, and the id beside them.</summary>
    public static byte[] Submission(SubmitTask task)
    {
        using var stream = new MemoryStream();
        Write(stream, task);
        return stream.ToArray();
    }

    public static byte[] Submission(IReadOnlyList<SubmitTask> tasks)
    {
        using var stream = new MemoryStream();
        stream.Write("{\"tasks\":["u8);
        for (var i = 0; i < tasks.Count; i++)
        {
            if (i > 0) stream.WriteByte((byte)',');
            Write(stream, tasks[i]);
        }

        stream.Write("]}"u8);
        return stream.ToArray();
    }

    private static void Write(MemoryStream stream, SubmitTask task)
    {
        stream.Write(Encoding.ASCII.GetBytes($"{{\"id\":\"{task.TaskId}\","));
        var spec = JsonSerializer.SerializeToUtf8Bytes(task.Spec, Default.TaskSpec);
        stream.Write(spec.AsSpan(1));               // argv is always there: more than {}
    }
}
