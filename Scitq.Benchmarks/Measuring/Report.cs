using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Scitq.Benchmarks.Measuring;

/// <summary>What a run has found: figures by system, and ratios with their targets; as a table for people and as JSON.</summary>
internal sealed class Report(string benchmark, Machine machine)
{
    private readonly List<JsonObject> _results = [];
    private readonly List<JsonObject> _targets = [];

    /// <summary>Adds what was measured of one system; members that are numbers are columns of the table.</summary>
    public JsonObject Add(string system, params (string Name, JsonNode? Value)[] figures)
    {
        var result = new JsonObject { ["system"] = system };
        foreach (var (name, value) in figures) result[name] = value;
        _results.Add(result);
        return result;
    }

    /// <summary>Compares a figure with its target: <c>at least</c> it, or <c>at most</c>.</summary>
    public void Target(string what, double value, double target, bool atLeast, string unit = "")
    {
        if (double.IsNaN(value)) return;
        var met = atLeast ? value >= target : value <= target;
        _targets.Add(new JsonObject { ["what"] = what, ["value"] = Round(value), ["unit"] = unit, [atLeast ? "at_least" : "at_most"] = target, ["met"] = met });
    }

    /// <summary><c>ours / peer</c>.</summary>
    public void Ratio(string what, double ours, double peer, double target, bool atLeast) => Target(what, ours / peer, target, atLeast);

    public void Print(TextWriter writer)
    {
        writer.WriteLine();
        writer.WriteLine($"{benchmark}: {machine.Text}");
        var columns = _results.SelectMany(r => r.Where(m => m.Value is JsonValue).Select(m => m.Key)).Distinct().ToList();
        var rows = _results.Select(r => columns.Select(c => Cell(r[c])).ToArray()).Prepend([.. columns.Select(c => c.Replace('_', ' '))]).ToList();
        var widths = columns.Select((_, i) => rows.Max(r => r[i].Length)).ToArray();
        foreach (var row in rows)
            writer.WriteLine("  " + string.Join("  ", row.Select((c, i) => i == 0 ? c.PadRight(widths[i]) : c.PadLeft(widths[i]))).TrimEnd());
        foreach (var result in _results.Where(r => r["processes"] is JsonObject))
        {
            var processes = result["processes"]!.AsObject()
                .Select(p => $"{p.Key} {string.Join(", ", p.Value!.AsObject().Select(f => $"{Cell(f.Value)} {f.Key.Replace('_', ' ')}"))}");
            writer.WriteLine($"  {result["system"]}{(result["concurrency"] is { } c ? $", {c} slots" : "")}: {string.Join("; ", processes)}");
        }

        foreach (var target in _targets)
        {
            var atLeast = target.ContainsKey("at_least");
            writer.WriteLine($"  {target["what"]} = {Cell(target["value"])}{target["unit"]} (target "
                + $"{(atLeast ? ">=" : "<=")} {Cell(target[atLeast ? "at_least" : "at_most"])}){(target["met"]!.GetValue<bool>() ? "" : "  MISSED")}");
        }
    }

    public async Task WriteAsync(string file)
    {
        var document = new JsonObject
        {
            ["benchmark"] = benchmark,
            ["machine"] = JsonSerializer.SerializeToNode(machine, Json),
            ["results"] = new JsonArray([.. _results.Select(r => r.DeepClone())]),
            ["targets"] = new JsonArray([.. _targets.Select(t => t.DeepClone())]),
        };
        await File.WriteAllTextAsync(file, document.ToJsonString(Json) + "\n");
    }

    /// <summary>Three or four digits are all that such figures mean.</summary>
    public static double Round(double value)
    {
        if (value == 0 || !double.IsFinite(value)) return 0;
        var digits = Math.Clamp(3 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 6);
        return Math.Round(value, digits);
    }

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static string Cell(JsonNode? value) => value switch
    {
        null => "",
        JsonValue number when number.TryGetValue<double>(out var d) => d.ToString("0.####", CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
