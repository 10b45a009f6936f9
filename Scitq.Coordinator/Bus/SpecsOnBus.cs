using System.Text.Json;
using MassTransit;
using Scitq.Contracts;

namespace Scitq.Coordinator.Bus;

internal static class SpecsOnBus
{
    /// <summary>What is wrong with a spec that came with this message, its size included; null when nothing is.</summary>
    public static string? Problem(this ConsumeContext context, TaskSpec spec)
    {
        if (TaskSpecRules.Problem(spec) is { } problem) return problem;
        // Only what is in a long message can be too long.
        if (context.ReceiveContext.Body.Length <= TaskSpecRules.MaxBytes) return null;
        var length = JsonSerializer.SerializeToUtf8Bytes(spec, ScitqJson.Bus).Length;
        return length <= TaskSpecRules.MaxBytes ? null
            : $"its spec takes {length} bytes, {TaskSpecRules.MaxBytes} are allowed: put the data into a file, and name that as an input.";
    }
}
