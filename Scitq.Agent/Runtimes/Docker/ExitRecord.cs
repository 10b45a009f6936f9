using System.Text.Json;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>
/// How a container ended, written before the container is removed: an agent that dies between the removal and its own
/// journal finds here what it would otherwise take for "never started".
/// </summary>
internal sealed record ExitRecord(Guid Lease, DateTime Started, RunExit Exit)
{
    private static string PathIn(WorkDirectory directory) => Path.Combine(directory.Control, "container-exit.json");

    public void Save(WorkDirectory directory)
    {
        var path = PathIn(directory);
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, this);
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    public static ExitRecord? Find(WorkDirectory directory, Guid lease)
    {
        var path = PathIn(directory);
        if (!File.Exists(path)) return null;
        using var file = File.OpenRead(path);
        return JsonSerializer.Deserialize<ExitRecord>(file) is { } record && record.Lease == lease ? record : null;
    }
}
