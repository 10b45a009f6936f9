using System.Text.Json.Serialization;

namespace Scitq.Contracts;

/// <summary>What becomes of a task when one that it requires fails, is cancelled or deleted.</summary>
public enum RequirementFailure
{
    /// <summary>It waits on: the other one may be relaunched and succeed.</summary>
    [JsonStringEnumMemberName("wait")]
    Wait,

    /// <summary>It is cancelled.</summary>
    [JsonStringEnumMemberName("cancel")]
    Cancel,
}
