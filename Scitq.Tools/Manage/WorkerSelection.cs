using System.Globalization;
using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>The workers that the command line means: names or numbers, as operands or by <c>-n</c> and <c>-i</c>, and those of batches.</summary>
internal sealed class WorkerSelection(ManageContext context)
{
    private readonly List<string> _names = [.. context.Line.All("name").Concat(context.Line.All("id")).Concat(context.Line.Operands).Distinct()];
    private readonly List<string> _batches = [.. context.Line.All("batch").SelectMany(b => b.Split(',', StringSplitOptions.RemoveEmptyEntries)).Distinct()];

    /// <summary>What the server knows of one worker is below this.</summary>
    public static string Path(string worker) => $"workers/{Uri.EscapeDataString(worker)}";

    /// <summary>Whether any are named, one by one or by their batch.</summary>
    public bool IsGiven => _names.Count + _batches.Count > 0;

    /// <summary>The one that is named; null when it is not one, or may not be.</summary>
    public string? One => _batches.Count == 0 && _names is [var one] ? one : null;

    /// <summary>Says which in a request.</summary>
    public void Write(Utf8JsonWriter json)
    {
        if (_names.Count > 0) json.WriteList("workers", _names);
        if (_batches.Count > 0) json.WriteList("batches", _batches);
    }

    /// <summary>Those that are meant, as the server lists them; all of them where none is named.</summary>
    public async Task<IReadOnlyList<JsonElement>> RowsAsync()
    {
        using var document = await context.Rest.GetAsync("workers", context.Patience, context.Cancel);
        var all = document.RootElement.Clone().EnumerateArray().ToList();
        if (_names.Count == 0 && _batches.Count == 0) return all;
        var named = _names.ConvertAll(name => Find(all, name));
        return [.. all.Where(w => named.Contains(w.Number("worker_id")) || _batches.Contains(w.Text("batch") ?? ""))];
    }

    /// <summary>The number of a worker; a name may look like a number, and then the worker with that number is meant.</summary>
    private static long? Find(List<JsonElement> all, string name)
    {
        var number = long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
        foreach (var found in (Func<JsonElement, bool>[])[w => w.Number("worker_id") == number, w => w.Text("name") == name])
            if (all.Exists(w => found(w))) return all.Find(w => found(w)).Number("worker_id");
        throw new ToolException(ExitCodes.NotFound, "not_found", $"there is no worker {name}.", "See: scitq-manage worker list");
    }
}
