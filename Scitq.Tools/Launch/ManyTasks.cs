using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Launch;

/// <summary>Many tasks from one call: checked first, then sent in chunks, so that memory holds one chunk whatever the file's size.</summary>
internal sealed class ManyTasks(EntryFile file, SpecBuilder builder, ToolIo io)
{
    private const int MaxChunk = 10_000;
    private const long MaxChunkBytes = 8 * 1024 * 1024;

    /// <summary>Checks every line; gives their number.</summary>
    public int Check(Action<TaskSpec>? look = null)
    {
        var count = 0;
        foreach (var entry in file.Read())
        {
            var spec = Build(entry);
            look?.Invoke(spec);
            count++;
        }

        return count > 0 ? count : throw new UsageException($"{file.Shown} holds no entry");
    }

    /// <summary>Sends all; <paramref name="queued"/> is called for each in order.</summary>
    public async Task SubmitAsync(ISubmitter submitter, Guid? baseId, Action<TaskSpec, SubmittedTask> queued, CancellationToken cancel)
    {
        var chunk = new List<SubmitTask>();
        long bytes = 0, done = 0;
        foreach (var entry in file.Read())
        {
            var task = new SubmitTask
                { TaskId = baseId is { } given ? Derive(given, entry.Line) : Guid.CreateVersion7(io.Clock.GetUtcNow()), Spec = Build(entry) };
            chunk.Add(task);
            bytes += task.Spec.Argv.Sum(w => w.Length) + task.Spec.Inputs.Sum(u => u.Text.Length) + entry.Text.Length + 400;
            if (chunk.Count < MaxChunk && bytes < MaxChunkBytes) continue;
            await SendAsync();
        }

        if (chunk.Count > 0) await SendAsync();

        async Task SendAsync()
        {
            IReadOnlyList<SubmittedTask> answers;
            try
            {
                answers = await submitter.SubmitAsync(chunk, cancel);
            }
            catch (ToolException e) when (done > 0)
            {
                throw new ToolException(e.ExitCode, e.Code, $"{e.Message}; {Display.Count(done)} tasks before it are queued", e.Hint, e);
            }

            for (var i = 0; i < answers.Count; i++) queued(chunk[i].Spec, answers[i]);
            done += chunk.Count;
            chunk.Clear();
            bytes = 0;
        }
    }

    private TaskSpec Build(Entry entry)
    {
        try
        {
            var spec = builder.Build(entry.Fill);
            return spec.Env.ContainsKey("SCITQ_ENTRY") ? spec : spec with { Env = new Dictionary<string, string>(spec.Env) { ["SCITQ_ENTRY"] = entry.Text } };
        }
        catch (UsageException e)
        {
            throw new UsageException($"{file.Shown}: line {entry.Line.ToString(CultureInfo.InvariantCulture)}: {e.Message}", e.Hint);
        }
    }

    /// <summary>The same call with the same --task-id makes the same ids, so that repeating it queues nothing twice.</summary>
    private static Guid Derive(Guid given, int line)
    {
        Span<byte> name = stackalloc byte[20];
        given.TryWriteBytes(name);
        BinaryPrimitives.WriteInt32BigEndian(name[16..], line);
        return new Guid(SHA256.HashData(name).AsSpan(0, 16));
    }
}
